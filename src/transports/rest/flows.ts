import { z } from 'zod'
import { definitionSchema, type FlowWithVersion } from '#flows'
import { renderRun, runShape } from './runs.ts'
import type { RestApp, RestDeps } from './server.ts'
import { timestamp } from './shapes.ts'

const values = z.record(z.string(), z.unknown())

const flowShape = z.object({
  id: z.string().describe('As its definition says.'),
  flow_id: z.string(),
  name: z.string().nullable(),
  description: z.string().nullable(),
  version: z.int(),
  enabled: z.boolean(),
  origin: z.enum(['user', 'ready']),
  actor: z.string().describe('Who saved it last: it runs with their rights.'),
  parameters: values.nullable(),
  on: z.array(values),
  digest: z.string(),
  created_at: timestamp,
  updated_at: timestamp,
})

const wholeShape = flowShape.extend({ definition: values, source: z.string() })

const versionShape = z.object({
  version: z.int(),
  actor: z.string(),
  digest: z.string(),
  definition: values,
  source: z.string(),
  created_at: timestamp,
})

const written = z
  .strictObject({
    definition: values.optional().describe('The definition; its schema is at /schemas/flow.json.'),
    source: z.string().optional().describe('The same as a text, in YAML or JSON.'),
  })
  .refine(({ definition, source }) => (definition === undefined) !== (source === undefined), 'needs either `definition` or `source`')

const problemShape = z.object({ line: z.int(), column: z.int(), path: z.string(), message: z.string(), remedy: z.string() })
const inYaml = 'The definition may also be the body itself, as application/yaml.'
const longestWaitSeconds = 120

export async function flowRoutes(app: RestApp, deps: RestDeps): Promise<void> {
  app.get('/schemas/flow.json', {
    config: { access: 'public' },
    schema: { tags: ['Flows'], summary: 'The JSON Schema of a definition, for editors', response: { 200: values } },
    handler: async () => definitionSchema(),
  })
  await app.register(async (scope: RestApp) => {
    // Kept as it is written, comments too.
    for (const type of ['application/yaml', 'application/x-yaml', 'text/yaml'])
      scope.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => done(null, { source: body }))
    writeRoutes(scope, deps)
  })
  lookRoutes(app, deps)
  triggerRoute(app, deps)
}

function writeRoutes(app: RestApp, { flows }: RestDeps): void {
  const tags = ['Flows']
  const params = z.object({ id: z.string().max(100) })

  app.post('/api/v1/flows', {
    config: { access: 'flows:write' },
    schema: {
      tags,
      summary: 'Save a flow: a new one, or a new version of the one with this id',
      description: inYaml,
      body: written,
      response: { 200: wholeShape, 201: wholeShape },
    },
    handler: async ({ principal, body }, reply) => {
      const { source, format } = sourceOf(body)
      const flow = await flows.save(principal, source, { format })
      return reply.code(flow.version === 1 ? 201 : 200).send(renderWhole(flow))
    },
  })
  app.post('/api/v1/flows/check', {
    config: { access: 'flows:read' },
    schema: {
      tags,
      summary: 'Say what is wrong with a definition, and save nothing',
      description: inYaml,
      body: written,
      response: { 200: z.object({ ok: z.boolean(), problems: z.array(problemShape) }) },
    },
    handler: async ({ principal, body }) => {
      const { source, format } = sourceOf(body)
      const found = await flows.check(principal.workspaceId, source, format)
      return 'problems' in found ? { ok: false, problems: [...found.problems] } : { ok: true, problems: [] }
    },
  })
  app.put('/api/v1/flows/:id', {
    config: { access: 'flows:write' },
    schema: { tags, summary: 'Save a new version of this flow', description: inYaml, params, body: written, response: { 200: wholeShape } },
    handler: async ({ principal, params: { id }, body }) => {
      const { source, format } = sourceOf(body)
      return renderWhole(await flows.save(principal, source, { format, id }))
    },
  })
}

function lookRoutes(app: RestApp, { flows }: RestDeps): void {
  const tags = ['Flows']
  const params = z.object({ id: z.string().max(100) })

  app.get('/api/v1/flows', {
    config: { access: 'flows:read' },
    schema: { tags, summary: 'All flows', response: { 200: z.object({ items: z.array(flowShape), next_cursor: z.null() }) } },
    handler: async ({ principal }) => ({ items: (await flows.list(principal.workspaceId)).map(renderFlow), next_cursor: null }),
  })
  app.get('/api/v1/flows/:id', {
    config: { access: 'flows:read' },
    schema: { tags, summary: 'One flow as it is written', params, response: { 200: wholeShape } },
    handler: async ({ principal, params: { id } }) => renderWhole(await flows.get(principal.workspaceId, id)),
  })
  app.get('/api/v1/flows/:id/versions', {
    config: { access: 'flows:read' },
    schema: {
      tags,
      summary: 'Its versions, the newest first',
      params,
      response: { 200: z.object({ items: z.array(versionShape), next_cursor: z.null() }) },
    },
    handler: async ({ principal, params: { id } }) => ({
      items: (await flows.versions(principal.workspaceId, id)).map(({ createdAt, definition, ...rest }) => ({
        ...rest,
        definition: { ...definition },
        created_at: createdAt.toISOString(),
      })),
      next_cursor: null,
    }),
  })
  app.patch('/api/v1/flows/:id', {
    config: { access: 'flows:write' },
    schema: { tags, summary: 'Switch it on or off', params, body: z.strictObject({ enabled: z.boolean() }), response: { 200: flowShape } },
    handler: async ({ principal, params: { id }, body }) => renderFlow(await flows.setEnabled(principal, id, body.enabled)),
  })
  app.delete('/api/v1/flows/:id', {
    config: { access: 'flows:write' },
    schema: { tags, summary: 'Delete it; its runs stay', params, response: { 204: z.null().describe('It is gone.') } },
    handler: async ({ principal, params: { id } }, reply) => {
      await flows.remove(principal, id)
      return reply.code(204).send(null)
    },
  })
}

function triggerRoute(app: RestApp, { flows }: RestDeps): void {
  app.post('/api/v1/flows/:id/trigger', {
    config: { access: 'flows:run' },
    schema: {
      tags: ['Flows'],
      summary: 'Start a run',
      params: z.object({ id: z.string().max(100) }),
      querystring: z.strictObject({
        wait: z.coerce
          .number()
          .min(0)
          .max(longestWaitSeconds)
          .default(0)
          .describe('Wait so many seconds for its end: 200 and the run, or 202 when it takes longer.'),
      }),
      body: z
        .strictObject({
          parameters: values.default({}),
          dry_run: z.boolean().default(false).describe('Do what looks, show what would be written.'),
          outputs: values.optional().describe('Outputs by path, which a dry run takes instead of doing those steps.'),
        })
        .nullish(),
      response: { 200: runShape, 202: z.object({ run_id: z.string(), status: z.string() }) },
    },
    handler: async ({ principal, params: { id }, query: { wait }, body }, reply) => {
      const { parameters = {}, dry_run: dryRun = false, outputs } = body ?? {}
      const started = await flows.trigger(principal, id, { parameters, dryRun, outputs })
      const run = wait > 0 ? await waited(started.id) : started
      if (run.finishedAt === null) return reply.code(202).send({ run_id: run.id, status: run.status })
      return reply.code(200).send(renderRun(run))

      async function waited(runId: string) {
        const left = new AbortController()
        reply.raw.once('close', () => left.abort())
        const over = await flows.wait(principal.workspaceId, runId, wait * 1000, left.signal).catch((error: unknown) => {
          // Nobody is there any more to be told.
          if (left.signal.aborted) return started
          throw error
        })
        return over
      }
    },
  })
}

function sourceOf({ definition, source }: z.output<typeof written>): { source: string; format?: 'json' } {
  return source === undefined ? { source: JSON.stringify(definition, null, 2), format: 'json' } : { source }
}

function renderFlow(flow: FlowWithVersion) {
  const { definition, version, enabled, actor, digest } = flow
  return {
    id: flow.name,
    flow_id: flow.id,
    version,
    enabled,
    actor,
    digest,
    name: definition.name ?? null,
    description: definition.description ?? null,
    origin: flow.origin === 'ready' ? ('ready' as const) : ('user' as const),
    parameters: definition.parameters ? { ...definition.parameters } : null,
    on: (definition.on ?? []).map((trigger) => ({ ...trigger })),
    created_at: flow.createdAt.toISOString(),
    updated_at: flow.updatedAt.toISOString(),
  }
}

function renderWhole(flow: FlowWithVersion) {
  return { ...renderFlow(flow), definition: { ...flow.definition }, source: flow.source }
}
