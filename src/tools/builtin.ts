import { z } from 'zod'
import type { IntegrationRow, Integrations } from '#integrations'
import { defineAction, defineConnector, type Connector } from '#kit'
import { hubError } from '#errors'
import type { Database } from '#db'
import { partAt } from './truncate.ts'
import { findInvocation, listInvocations } from './store.ts'

/** Tools that act on the hub itself. */
export function createHubConnector(db: Database, integrations: Integrations): Connector {
  const integrationShape = z.object({
    id: z.string(),
    name: z.string(),
    connector: z.string(),
    enabled: z.boolean(),
    status: z.string(),
  })

  const healthShape = integrationShape.extend({
    success_count: z.number(),
    error_count: z.number(),
    success_rate: z.number(),
    consecutive_errors: z.number(),
    last_error: z.record(z.string(), z.unknown()).nullable(),
  })

  return defineConnector({
    name: 'hub',
    title: 'IntegrationHub',
    description: 'The hub itself: what is connected, how it fares, what was called.',
    connect: 'Nothing has to be connected.',
    builtIn: true,
    config: z.object({}),
    auth: [],
  }).withActions({
    list_integrations: defineAction({
      title: 'List integrations',
      description:
        'Lists the outside systems connected in this workspace, with the name of each integration and whether it is enabled. Use it to learn what you can act on, or which name to pass where several integrations fit. Returns id, name, connector, enabled and status of each.',
      effect: 'read',
      example: { connector: 'github' },
      input: z.strictObject({ connector: z.string().optional().describe('Only integrations of this connector, e.g. github.') }),
      output: z.object({ items: z.array(integrationShape) }),
      run: async ({ input, workspaceId }) => {
        const rows = await integrations.list(workspaceId)
        return { items: rows.filter(({ connector }) => input.connector === undefined || connector === input.connector).map(summary) }
      },
    }),
    get_integration_health: defineAction({
      title: 'Get the health of an integration',
      description:
        'Tells how an integration fares: successes, failures, failures in a row, the last error, and whether it was disabled for its failures. Use it when a tool of that integration fails. Returns the counts and the last error with its time.',
      effect: 'read',
      example: { integration: 'github' },
      input: z.strictObject({ integration: z.string().min(1).describe('Name or id of the integration.') }),
      output: healthShape,
      run: async ({ input, workspaceId }) => healthOf(await integrations.get(workspaceId, input.integration)),
    }),
    list_invocations: defineAction({
      title: 'List tool calls',
      description:
        'Lists recent tool calls of this workspace, newest first: which tool, on which integration, how it ended. Use it to check whether something was done already, or to find the reason of a failure. Returns id, tool, integration, status, error and times, without inputs and outputs.',
      effect: 'read',
      example: { status: 'failed' },
      input: z.strictObject({
        tool: z.string().optional().describe('Only calls of this tool.'),
        status: z.enum(['queued', 'running', 'completed', 'failed', 'outcome_unknown']).optional().describe('Only calls that ended so.'),
        limit: z.number().int().min(1).max(100).default(20).describe('How many at most.'),
      }),
      output: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            tool: z.string(),
            integration: z.string().nullable(),
            status: z.string(),
            error: z.record(z.string(), z.unknown()).nullable(),
            started_at: z.string(),
            finished_at: z.string().nullable(),
          }),
        ),
      }),
      run: async ({ input, workspaceId }) => {
        const rows = await listInvocations(db.sql, workspaceId, { tool: input.tool, status: input.status, limit: input.limit })
        return {
          items: rows.map(({ id, tool, integration, status, error, startedAt, finishedAt }) => ({
            id,
            tool,
            integration,
            status,
            error,
            started_at: startedAt.toISOString(),
            finished_at: finishedAt?.toISOString() ?? null,
          })),
        }
      },
    }),
    read_result: defineAction({
      title: 'Read the rest of a result',
      description:
        'Reads on where the result of an earlier tool call was cut to fit. Use it with the handle and a path that the cut result names, e.g. path "items" with offset 20. Returns the part, its total size, and the offset of what follows.',
      effect: 'read',
      example: { handle: 'inv_…', path: 'items', offset: 20 },
      input: z.strictObject({
        handle: z.string().min(1).describe('The handle in the `cut` of the earlier result.'),
        path: z.string().max(500).default('').describe('Which part, as named in `cuts`: items, body, items[3].body; empty for the whole.'),
        offset: z.number().int().min(0).default(0).describe('Where to begin: an item of a list, or a character of a text.'),
        limit: z.number().int().min(1).max(100_000).default(50).describe('How many items, or thousands of characters, at most.'),
      }),
      output: z.object({
        part: z.unknown(),
        total: z.number(),
        unit: z.enum(['items', 'characters', 'value']),
        next_offset: z.number().nullable(),
      }),
      run: async ({ input, workspaceId }) => {
        const row = await findInvocation(db.sql, workspaceId, input.handle)
        if (!row || row.output === null) throw hubError('not_found', { detail: `there is no result "${input.handle}" any more` })
        return partOf(partAt(row.output, input.path), input.offset, input.limit)
      },
    }),
  })
}

function summary({ id, name, connector, enabled, status }: IntegrationRow) {
  return { id, name, connector, enabled, status }
}

export function healthOf(row: IntegrationRow) {
  const total = row.successCount + row.errorCount
  return {
    ...summary(row),
    success_count: row.successCount,
    error_count: row.errorCount,
    success_rate: total === 0 ? 100 : Math.round((row.successCount / total) * 1000) / 10,
    consecutive_errors: row.consecutiveErrors,
    last_error: row.lastError,
  }
}

type Part = { part: unknown; total: number; unit: 'items' | 'characters' | 'value'; next_offset: number | null }

function partOf(value: unknown, offset: number, limit: number): Part {
  const [length, unit, step] = Array.isArray(value)
    ? [value.length, 'items' as const, limit]
    : typeof value === 'string'
      ? [value.length, 'characters' as const, limit * 1000]
      : [1, 'value' as const, 1]
  const end = offset + step
  const part = Array.isArray(value) || typeof value === 'string' ? value.slice(offset, end) : value
  return { part, total: length, unit, next_offset: end < length ? end : null }
}
