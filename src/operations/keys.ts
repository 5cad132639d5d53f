import { z } from 'zod'
import type { AuditReport } from '#access'
import { operation, plain, view } from './operation.ts'

/** These concern the whole hub, and are reachable from its own command line only. */
export const listKeys = operation({
  name: 'keys.list',
  scope: 'hub:admin',
  effect: 'read',
  summary: 'List the keys that seal secrets, and how many credentials each seals',
  input: z.strictObject({}),
  output: plain(z.array(z.object({ id: z.string(), known: z.boolean(), current: z.boolean(), credentials: z.number() }))),
  example: {},
  run: ({ credentials }) => credentials.keys.list(),
})

export const rotateKeys = operation({
  name: 'keys.rotate',
  scope: 'hub:admin',
  effect: 'write',
  summary: 'Seal every credential with the first key, while the hub serves',
  input: z.strictObject({ add_key: z.boolean().describe('Make a new key first.') }),
  output: plain(
    z.object({
      key_id: z.string(),
      resealed: z.number(),
      failed: z.array(z.object({ name: z.string(), workspace_id: z.string(), reason: z.string() })),
    }),
  ),
  example: { add_key: true },
  run: async ({ credentials, principal }, { add_key: addKey }) => {
    const { keyId, resealed, failed } = await credentials.keys.rotate(principal, { addKey })
    return {
      key_id: keyId,
      resealed,
      failed: failed.map(({ name, workspaceId, reason }) => ({ name, workspace_id: workspaceId, reason })),
    }
  },
})

export const verifyAudit = operation({
  name: 'audit.verify',
  scope: 'hub:admin',
  effect: 'read',
  summary: 'Check that no audit entry was changed or removed',
  input: z.strictObject({}),
  output: view(
    z.object({
      entries: z.number(),
      heads: z.array(z.object({ workspace_id: z.string(), seq: z.number(), hash: z.string() })),
      breaks: z.array(z.object({ workspace_id: z.string(), seq: z.number(), reason: z.string() })),
    }),
    ({ entries, heads, breaks }: AuditReport) => ({
      entries,
      heads: heads.map(({ workspaceId, seq, hash }) => ({ workspace_id: workspaceId, seq, hash })),
      breaks: breaks.map(({ workspaceId, seq, reason }) => ({ workspace_id: workspaceId, seq, reason })),
    }),
  ),
  example: {},
  run: ({ access }) => access.audit.verify(),
})
