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
  words:
    'open a modal, popup, pop up a form, show a dialog, open a dialog, show a form, input form for a user, modal window, show a popup asking, ask the user with a form, bring up a window, input dialog, let the user fill in, collect input from the user, display a modal, confirmation dialog, open the form',
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
  words:
    'update a modal, refresh the dialog, change the modal, update the form, replace the popup content, show progress in the dialog, change the popup, next step of the form, update the window, change what the modal shows, replace the form, show the result in the popup, loading state in the modal, refresh the modal',
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
  words:
    'home tab, app home, publish the home tab, personal dashboard in slack, set the home screen, update the app home, set the home page of the app, show something on the home tab, app home screen, dashboard of the app, home view, personal start page, refresh the home tab',
  effect: 'write',
  idempotent: true,
  example: { user: 'U0123456', view: { type: 'home', blocks: [] } },
  input: z.strictObject({ user: z.string().min(1).max(200).describe('Person by id, name or e-mail address.'), view }),
  output: viewShape,
  run: async ({ input, http }) =>
    http.post('/views.publish', { user_id: (await findUser(http, input.user)).id, view: input.view }, { repeatable: 'state' }),
})

export const viewActions = { open_view: openView, update_view: updateView, publish_view: publishView }
