import { z } from 'zod'
import { slack } from '../declaration.ts'
import { findUser } from '../lookup.ts'

const view = z.record(z.string(), z.unknown()).describe('The view as Block Kit describes it: type, title, blocks …')
const viewShape = z.object({ view: z.object({ id: z.string(), hash: z.string().optional(), type: z.string().optional() }) })
const modal = { type: 'modal', title: { type: 'plain_text', text: 'Hello' }, blocks: [] }

const openView = slack.action({
  title: 'Open a modal',
  description:
    'Opens a modal for a person who just used a button, shortcut or command. Use it within three seconds of the interaction whose trigger_id you have. Returns the view’s id and hash.',
  effect: 'write',
  example: { trigger_id: '156772938.1827394', view: modal },
  input: z.strictObject({ trigger_id: z.string().min(1).max(200).describe('trigger_id of the interaction.'), view }),
  output: viewShape,
  run: ({ input, http }) => http.post('/views.open', input),
})

const updateView = slack.action({
  title: 'Update a modal',
  description:
    'Replaces the content of a modal that is open. Use it to show progress or a result; if the hash is given, a newer state is not overwritten. Returns the view’s id and hash.',
  effect: 'write',
  idempotent: true,
  example: { view_id: 'VMHU10V25', view: modal },
  input: z.strictObject({
    view_id: z.string().min(1).max(100).describe('Id of the view.'),
    hash: z.string().max(200).optional().describe('Hash of the state that is replaced.'),
    view,
  }),
  output: viewShape,
  run: ({ input, http }) => http.post('/views.update', input, { repeatable: input.hash === undefined ? 'state' : undefined }),
})

const publishView = slack.action({
  title: 'Publish a home tab',
  description:
    'Sets what a person sees in the app’s home tab. Use it for a personal overview; it replaces what was there. Returns the view’s id and hash.',
  effect: 'write',
  idempotent: true,
  example: { user: 'U0123456', view: { type: 'home', blocks: [] } },
  input: z.strictObject({ user: z.string().min(1).max(200).describe('Person by id, name or e-mail address.'), view }),
  output: viewShape,
  run: async ({ input, http }) =>
    http.post('/views.publish', { user_id: (await findUser(http, input.user)).id, view: input.view }, { repeatable: 'state' }),
})

export const viewActions = { open_view: openView, update_view: updateView, publish_view: publishView }
