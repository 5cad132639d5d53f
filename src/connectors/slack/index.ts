import { channelActions } from './actions/channels.ts'
import { fileActions } from './actions/files.ts'
import { messageActions } from './actions/messages.ts'
import { userActions } from './actions/users.ts'
import { viewActions } from './actions/views.ts'
import { slack as declaration } from './declaration.ts'
import { channel } from './sources/channel.ts'

export const slack = declaration.withActions(
  { ...messageActions, ...channelActions, ...userActions, ...fileActions, ...viewActions },
  { channel },
)
