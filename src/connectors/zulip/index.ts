import { messageActions } from './actions/messages.ts'
import { streamActions } from './actions/streams.ts'
import { zulip as declaration } from './declaration.ts'

export const zulip = declaration.withActions({ ...messageActions, ...streamActions })
