import { z } from 'zod'
import type { DemoState } from '#demo'
import { operation, plain, view } from './operation.ts'

const demoView = view(
  z.object({
    enabled: z.boolean().describe('Whether this hub offers the demo: HUB_DEMO.'),
    running: z.boolean().describe('Whether the demo systems of this workspace run in this process.'),
    integrations: z.array(z.object({ id: z.string(), name: z.string(), integration_type: z.string() })),
    flow: z.string().nullable().describe('The sample flow, which runs by hand and when the sample webhook arrives.'),
  }),
  ({ integrations, ...rest }: DemoState) => ({
    ...rest,
    integrations: integrations.map(({ id, name, connector }) => ({ id, name, integration_type: connector })),
  }),
)

const input = z.strictObject({})

export const getDemo = operation({
  name: 'demo.get',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'Get whether the demo systems run, and their integrations',
  input,
  output: demoView,
  http: { method: 'GET', path: '/api/v1/demo' },
  example: {},
  run: ({ demo, principal }) => demo.state(principal.workspaceId),
})

export const startDemo = operation({
  name: 'demo.start',
  scope: 'hub:admin',
  effect: 'write',
  summary: 'Start small stand-ins of GitHub, Slack and an agent, connect them, and save a flow that is ready to run',
  description:
    'They run in this process, on loopback ports of their own that only the integrations of the demo in this workspace reach. Nothing happens twice. After a restart of the hub they have to be started again.',
  input,
  output: demoView,
  http: { method: 'POST', path: '/api/v1/demo' },
  example: {},
  run: ({ demo, principal }) => demo.start(principal),
})

export const stopDemo = operation({
  name: 'demo.stop',
  scope: 'hub:admin',
  effect: 'write',
  summary: 'Stop the demo systems, and remove their integrations and the sample flow',
  input,
  output: demoView,
  http: { method: 'POST', path: '/api/v1/demo/stop' },
  example: {},
  run: ({ demo, principal }) => demo.stop(principal),
})

export const sendDemoWebhook = operation({
  name: 'demo.send_webhook',
  scope: 'hub:admin',
  effect: 'write',
  summary: 'Send the hub a signed sample webhook of the demo’s GitHub',
  input,
  output: plain(z.object({ event_id: z.string() })),
  http: { method: 'POST', path: '/api/v1/demo/webhook', status: 202 },
  example: {},
  run: async ({ demo, principal }) => ({ event_id: await demo.sendSample(principal.workspaceId) }),
})
