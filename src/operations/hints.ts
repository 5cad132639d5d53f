import { z } from 'zod'
import { actorOf, allows, anyCaller } from '#access'
import type { HintMessage } from '#hints'
import type { HintKind } from '#telemetry'
import { streamOperation, type StreamEvent } from './operation.ts'

/** Who may read a kind of thing may be told that it changed. */
const scopeOf = {
  approval: 'approvals:read',
  call: 'invocations:read',
  credential: 'credentials:read',
  delivery: 'events:read',
  endpoint: 'events:read',
  event: 'events:read',
  flow: 'flows:read',
  grant: 'people:read',
  integration: 'integrations:read',
  invitation: 'people:write',
  member: 'people:read',
  policy: 'admin',
  run: 'flows:read',
  source: 'integrations:read',
  session: 'people:read',
  token: 'tokens:read',
} as const satisfies Record<HintKind, string>

export const watchHints = streamOperation({
  name: 'hints.watch',
  scope: anyCaller,
  effect: 'read',
  summary: 'Be told what changes in the workspace, without its data',
  description:
    'Sends `hints` events with `hints: [{kind, id, version}]` of the kinds that the caller may read, at most four a second. An id of null means that many of the kind changed. After `ready` nothing is missed; after `resync` everything may have changed.',
  input: z.strictObject({ after: z.string().max(100).optional().describe('The id of the last event that was received.') }),
  http: { method: 'GET', path: '/api/v1/hints', headers: { 'last-event-id': 'after' } },
  example: {},
  run: async ({ hints, principal, isActive, signal }, { after }) => {
    const { workspaceId } = principal
    const mayRead = (kind: HintKind): boolean => allows(principal, scopeOf[kind])
    return events(hints.watch({ workspaceId, owner: actorOf(principal), mayRead, isAgain: after !== undefined, isActive, signal }))
  },
})

async function* events(messages: AsyncIterable<HintMessage | undefined>): AsyncGenerator<StreamEvent | undefined> {
  for await (const message of messages) {
    if (message === undefined) yield undefined
    else yield { id: String(Date.now()), event: message.kind, data: message.kind === 'hints' ? { hints: message.hints } : {} }
  }
}
