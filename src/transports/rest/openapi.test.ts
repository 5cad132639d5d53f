import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { LightMyRequestResponse } from 'fastify'
import type { Principal } from '#access'
import { errorCatalogue } from '#errors'
import { createEventPublisher } from '#events/publish'
import { sharedHub, testPassword, type TestHub } from '#test'
import { until } from '#test/faults'

interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema?: object }> }>
  readonly security?: unknown[]
  readonly summary?: string
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } }
}

type Method = Parameters<TestHub['call']>[0]
/**
 * Each tool is described by itself; one stands for all here, what each puts out is held by the tests of its connector. An undo answers as the call
 * of a tool, and needs an outside system.
 */
const ofOneTool = /^POST \/api\/v1\/(tools\/(\{name\}|\w+)\/invoke|invocations\/\{id\}\/undo)$/

type Step = readonly [method: Method, url: string, body?: unknown]

/** Every operation that describes its answer, in an order in which each finds what it needs. Whoever adds an endpoint adds its step. */
const walk: readonly Step[] = [
  ['GET', '/api/v1/health'],
  ['GET', '/healthz'],
  ['GET', '/readyz'],
  ['POST', '/api/v1/workspaces', { name: 'documented' }],
  ['GET', '/api/v1/workspaces'],
  ['POST', '/api/v1/tokens', { name: 'made', scopes: ['tools:call'], expires_at: '2126-01-01T00:00:00Z' }],
  ['GET', '/api/v1/tokens?limit=1'],
  ['DELETE', '/api/v1/tokens/{id}'],
  ['POST', '/api/v1/credentials', { name: 'made', kind: 'http', data: { token: 'x', port: 1, on: true } }],
  ['PUT', '/api/v1/credentials/made', { data: { token: 'y' } }],
  ['GET', '/api/v1/credentials'],
  ['DELETE', '/api/v1/credentials/made'],
  ['GET', '/api/v1/connectors'],
  ['GET', '/api/v1/connectors/http'],
  ['POST', '/api/v1/integrations', { name: 'site', integration_type: 'http', config: { base_url: 'http://127.0.0.1:9' } }],
  ['GET', '/api/v1/integrations'],
  ['GET', '/api/v1/integrations/site'],
  ['PATCH', '/api/v1/integrations/site', { enabled: false }],
  ['PATCH', '/api/v1/integrations/site', { enabled: true, status: 'active' }],
  ['POST', '/api/v1/integrations/site/test'],
  ['GET', '/api/v1/integrations/site/health'],
  ['GET', '/api/integrations'],
  ['GET', '/api/integrations/tools'],
  ['POST', '/api/integrations/site/configure', { enabled: true }],
  ['GET', '/api/integrations/site/status'],
  ['POST', '/api/integrations/site/test'],
  ['DELETE', '/api/v1/integrations/site'],
  [
    'POST',
    '/api/v1/integrations',
    {
      name: 'allowed',
      integration_type: 'http',
      auth_type: 'oauth2',
      config: { base_url: 'https://api.example.com', oauth: { token_url: 'https://api.example.com/token' } },
    },
  ],
  ['POST', '/api/v1/integrations/allowed/connect', {}],
  ['GET', '/api/v1/connections/{id}'],
  ['GET', '/api/v1/integrations/allowed/setup'],
  ['DELETE', '/api/v1/integrations/allowed'],
  ['GET', '/api/v1/tools?limit=2'],
  ['GET', '/api/v1/tools/hub_list_integrations'],
  ['POST', '/api/v1/tools/hub_list_integrations/invoke', { input: {} }],
  ['GET', '/api/v1/invocations/{id}'],
  ['POST', '/api/v1/invocations/{id}/cancel'],
  ['GET', '/api/v1/invocations?limit=2'],
  ['GET', '/api/v1/tools/types?query=create%20issue&limit=2'],
  ['POST', '/api/v1/scripts', { code: 'return await tools.hub_list_integrations({})' }],
  ['GET', '/api/v1/invocations/inv_documented/result?path=items'],
  ['PUT', '/api/v1/policies', { rules: [{ tools: ['x_*'], decision: 'deny', reason: 'no' }] }],
  ['GET', '/api/v1/policies'],
  ['GET', '/api/v1/users/me'],
  ['GET', '/api/v1/stats'],
  ['GET', '/api/v1/buses'],
  ['GET', '/api/v1/buses/messages'],
  ['POST', '/api/v1/buses/local/ping'],
  ['POST', '/api/v1/buses/local/messages', { topic: 'orders', data: { id: 7 } }],
  ['GET', '/api/v1/traces/inv_documented'],
  ['GET', '/api/v1/actors'],
  ['POST', '/api/v1/invitations', { email: 'documented@example.com', role: 'viewer' }],
  ['DELETE', '/api/v1/invitations/{id}'],
  ['GET', '/api/v1/invitations?limit=2'],
  ['GET', '/api/v1/members'],
  ['PATCH', '/api/v1/members/{user}', { role: 'viewer' }],
  ['GET', '/api/v1/sessions?user_id={user}'],
  ['DELETE', '/api/v1/members/{user}/sessions'],
  ['DELETE', '/api/v1/members/{user}'],
  ['GET', '/api/v1/grants'],
  ['DELETE', '/api/v1/grants/{id}'],
  ['GET', '/api/v1/audit?limit=3'],
  ['POST', '/api/v1/endpoints', { url: 'https://example.com/hook', types: ['token.*'], signature: 'v1a' }],
  ['GET', '/api/v1/endpoints/{id}'],
  ['PATCH', '/api/v1/endpoints/{id}', { description: 'documented', enabled: false }],
  ['POST', '/api/v1/endpoints/{id}/rotate'],
  ['GET', '/api/v1/endpoints?limit=1'],
  ['POST', '/api/v1/endpoints/{id}/replay', { from: '2026-01-01T00:00:00Z', types: ['token.used'] }],
  ['POST', '/api/v1/endpoints', { url: 'http://localhost:9/', types: ['documented.*'] }],
  ['POST', '/api/v1/endpoints/{id}/test'],
  ['POST', '/api/v1/endpoints/{id}/replay', { from: '2026-01-01T00:00:00Z' }],
  ['GET', '/api/v1/deliveries?limit=1'],
  ['GET', '/api/v1/deliveries/{id}'],
  ['GET', '/api/v1/deliveries/counts'],
  ['POST', '/api/v1/deliveries/{id}/retry'],
  ['POST', '/api/v1/deliveries/retry', { from: '2126-01-01T00:00:00Z' }],
  [
    'POST',
    '/api/v1/integrations',
    {
      name: 'hooked',
      integration_type: 'webhook',
      credential: { secret: 'whsec_ZG9jdW1lbnRlZC1zZWNyZXQtb2YtMjRi' },
      config: { verification: 'standard' },
    },
  ],
  ['POST', '/api/v1/webhooks/hooked/test', { body: { a: 1 } }],
  ['POST', '/api/integrations/webhook/hooked/test', { body: { a: 1 } }],
  ['POST', '/api/v1/webhooks/hooked/sample', {}],
  ['GET', '/api/integrations/webhook/hooked/logs'],
  ['GET', '/api/v1/webhooks/rejections?limit=1'],
  ['GET', '/api/v1/events/since?after=&limit=1'],
  ['GET', '/api/v1/events?limit=1&type=http.documented'],
  ['GET', '/api/v1/events/{id}'],
  ['POST', '/api/v1/events/{id}/replay', { transform: 'then' }],
  ['POST', '/api/v1/events/replay', { type: 'nothing.*' }],
  ['GET', '/api/v1/retention'],
  ['PUT', '/api/v1/retention', { events_days: 30 }],
  ['DELETE', '/api/v1/integrations/hooked'],
  ['GET', '/api/v1/approvals?status=pending&limit=1'],
  ['GET', '/api/v1/approvals/{id}'],
  ['POST', '/api/v1/approvals/{id}', { decision: 'reject', comment: 'no' }],
  ['GET', '/schemas/flow.json'],
  ['POST', '/api/v1/flows/dry-run', { definition: { id: 'documented', steps: [{ id: 'a', transform: 1 }] }, wait: 0 }],
  ['POST', '/api/v1/flows/check', { definition: { id: 'documented', steps: [{ id: 'a', uses: 'none' }] } }],
  ['POST', '/api/v1/flows', { source: 'id: documented\nname: Documented\non: [{event: x.y}]\nsteps: [{id: a, transform: 1}]' }],
  [
    'PUT',
    '/api/v1/flows/documented',
    { definition: { id: 'documented', parameters: { type: 'object' }, steps: [{ id: 'a', transform: 2 }] } },
  ],
  ['GET', '/api/v1/flows'],
  ['GET', '/api/v1/flows/documented'],
  ['GET', '/api/v1/flows/documented/versions'],
  ['PATCH', '/api/v1/flows/documented', { enabled: true }],
  ['GET', '/api/v1/approval-settings'],
  ['PUT', '/api/v1/approval-settings', { involved_may_decide: false }],
  ['POST', '/api/v1/flows/documented/adopt'],
  ['POST', '/api/v1/flows/documented/trigger', { dry_run: true, outputs: { a: 1 } }],
  ['GET', '/api/v1/runs?status=failed&limit=1'],
  ['GET', '/api/v1/runs/{id}'],
  ['GET', '/api/v1/runs/{id}/definition'],
  ['POST', '/api/v1/runs/{id}/retry'],
  ['POST', '/api/v1/runs/{id}/cancel'],
  ['POST', '/api/v1/runs/{id}/replay', { version: 'latest' }],
  ['POST', '/api/v1/demo'],
  ['GET', '/api/v1/demo'],
  ['POST', '/api/v1/demo/webhook'],
  ['POST', '/api/v1/integrations/demo-github/webhook', { input: { owner: 'octocat', repo: 'hello-world' } }],
  ['POST', '/api/v1/demo/stop'],
  ['POST', '/api/v1/bulk', { action: 'runs.replay', filter: { flow: 'documented' }, dry_run: true }],
  ['POST', '/api/v1/bulk', { action: 'runs.retry', ids: ['run_0197f3d2-0000-7000-8000-000000000000'] }],
  ['GET', '/api/v1/bulk?limit=1'],
  ['GET', '/api/v1/bulk/{id}'],
  ['POST', '/api/v1/bulk/{id}/cancel'],
  ['DELETE', '/api/v1/flows/documented'],
  ['GET', '/api/v1/sources?limit=1'],
  ['GET', '/api/v1/sources/{source}'],
  ['GET', '/api/v1/sources/{source}/syncs'],
  ['GET', '/api/v1/sources/{source}/failures'],
  ['POST', '/api/v1/sources/{source}/sync', { rescan: true }],
  ['POST', '/api/v1/sources/{source}/failures/retry'],
  ['POST', '/api/v1/sources/{source}/cancel'],
  ['POST', '/api/v1/sources/{source}/pause'],
  ['POST', '/api/v1/sources/{source}/resume'],
  ['POST', '/api/v1/integrations/documented-github/sync'],
  ['POST', '/api/v1/sources/sync'],
  ['PATCH', '/api/v1/integrations/documented-github/monitoring', { polling_interval: 5 }],
  ['GET', '/api/v1/integrations/documented-github/monitoring'],
  ['POST', '/api/v1/identities', { actor: 'user:usr_documented', integration: 'documented-github', external_user: 'octocat' }],
  ['GET', '/api/v1/identities'],
  ['DELETE', '/api/v1/identities?actor=user:usr_documented&integration=documented-github&external_user=octocat'],
  ['GET', '/api/v1/search?q=documented&explain=true'],
  ['GET', '/api/v1/documents?limit=1'],
  ['GET', '/api/v1/documents/{document}'],
  ['GET', '/api/v1/documents/{document}/outline'],
  ['GET', '/api/v1/documents/{document}/chunks'],
  ['POST', '/api/v1/documents/{document}/feedback', { signal: 'used' }],
  ['POST', '/api/v1/sources', { integration: 'documented-github', kind: 'files', config: { repository: 'octocat/other' } }],
  ['DELETE', '/api/v1/sources/{id}'],
]

/** A source with one document, which nothing outside had to send. */
async function syncedDocument(
  { hub: { integrations, sync, search, db } }: TestHub,
  operator: Principal,
): Promise<{ source: string; document: string }> {
  await integrations.create(operator, { name: 'documented-github', connector: 'github', credential: { token: 'x' } })
  const request = { integration: 'documented-github', kind: 'issues', config: { repository: 'octocat/hello-world' } }
  const { id: source } = await sync.create(operator, request)
  const chunk = { kind: 'text', heading: 'Documented', text: 'A documented thing.', fromLine: 1, toLine: 1 }
  const document = search.index.prepare({
    externalId: '1',
    type: 'issue',
    title: 'Documented',
    content: chunk.text,
    outline: [{ level: 1, title: 'Documented', line: 1 }],
    chunks: [chunk],
    audience: 'repository',
  })
  await db.transaction((trx) => search.index.put(trx, { workspaceId: operator.workspaceId, sourceId: source }, [document]))
  const [stored] = await search.list({ principal: operator }, { filter: {}, before: undefined, limit: 1 })
  return { source, document: stored!.id }
}

async function memberOf({ hub: { people, access } }: TestHub): Promise<string> {
  const { workspaceId } = await access.operator('tester')
  const request = { workspaceId, role: 'member', email: null, hubAdmin: false, validMs: 60_000, actor: 'operator:tester' } as const
  const { token } = await people.invitations.create(request)
  const person = { token, name: 'Documented', email: 'member@example.com', password: testPassword }
  const answer = await people.join({ ...person, address: '127.0.0.1', origin: 'http://localhost' })
  const session = await people.session(answer.headers.getSetCookie()[0]!.split(';')[0])
  return session!.id
}

suite('/openapi.json', () => {
  let hub: TestHub
  let document: Document
  let ajv: Ajv2020

  before(async () => {
    hub = await sharedHub()
    document = (await hub.with({ token: null }).call('GET', '/openapi.json')).json()
    const { workspaceId } = await hub.hub.access.operator('tester')
    const event = { workspaceId, connector: 'http', type: 'http.documented', dedupeKey: 'documented', headers: {}, body: Buffer.from('{}') }
    await hub.hub.events.inbox.add({ ...event, unparsed: false, whole: false })
    ajv = new Ajv2020({ strict: false, allErrors: true })
    formats.default(ajv)
    ajv.addSchema(document, 'openapi')
  })

  /** Which operation a request is, and fails unless its answer is as described there. */
  function assertDescribed(method: string, url: string, reply: LightMyRequestResponse): string {
    const asked = url.split('?')[0]!.split('/')
    const fits = (template: string): boolean => {
      const parts = template.split('/')
      return parts.length === asked.length && parts.every((part, at) => part.startsWith('{') || part === asked[at])
    }
    const literal = (template: string): number => template.split('{').length
    const [path] = Object.keys(document.paths)
      .filter(fits)
      .toSorted((a, b) => literal(a) - literal(b))
    const operation = document.paths[path!]?.[method.toLowerCase()]
    assert.ok(path && operation, `${method} ${url} is not described`)
    const status = operation.responses[reply.statusCode] ? String(reply.statusCode) : 'default'
    assert.ok(status !== 'default' || reply.statusCode >= 400, `${method} ${url}: ${reply.statusCode} is not described`)
    const [type, content] = Object.entries(operation.responses[status]!.content ?? {})[0] ?? []
    if (!content?.schema || reply.statusCode === 204) return `${method} ${path}`
    assert.equal(String(reply.headers['content-type']).split(';')[0], type, `${method} ${url}`)
    const pointer = ['paths', path, method.toLowerCase(), 'responses', status, 'content', type!, 'schema']
    const check = ajv.getSchema(
      `openapi#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`,
    )!
    assert.ok(check(reply.json()), `${method} ${url} ${reply.statusCode}: ${ajv.errorsText(check.errors)}\n${reply.payload}`)
    return `${method} ${path}`
  }

  test('is a valid OpenAPI 3.1 document that says of every operation what it does and needs', async () => {
    const result = await new Validator().validate({ ...document })
    assert.deepEqual(result, { valid: true })
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        assert.ok(operation.summary, `${method} ${path} has no summary`)
        assert.ok(operation.responses['default'], `${method} ${path} describes no errors`)
      }
    }
    assert.deepEqual(document.components.schemas.Problem.properties.code.enum, Object.keys(errorCatalogue))
  })

  test('describes every route but those that serve pages, MCP and tRPC, which describe themselves', () => {
    const pages =
      /^\/($|(w|go|console)\/|docs|(openapi|asyncapi)\.json|mcp|trpc|\.well-known|assets|auth|sign-in|setup|account|invitations|connect|oauth|device)/
    for (const { method, url } of hub.rest.routeTable) {
      const path = url.replaceAll(/:(\w+)/g, '{$1}')
      for (const name of [method].flat().filter((name) => name !== 'HEAD' && name !== 'OPTIONS')) {
        assert.equal(document.paths[path]?.[name.toLowerCase()] !== undefined, !pages.test(url), `${name} ${url}`)
      }
    }
  })

  test('describes every answer as it really comes', async () => {
    const { db, access, tools, flows } = hub.hub
    const operator = await access.operator('tester')
    const { workspaceId } = operator
    // What is said of approvals and runs; here is no engine that could do a run, so one is said to have failed.
    await tools.approvals.ask({
      principal: { ...operator, kind: 'system', id: 'test' },
      message: 'May I?',
      expiresAt: new Date(Date.now() + 600_000),
    })
    await flows.save(operator, 'id: failing\nsteps: [{id: a, transform: 1}]')
    const failed = await flows.trigger(operator, 'failing')
    await db.sql.updateTable('flowRuns').set({ status: 'failed', finishedAt: new Date() }).where('id', '=', failed.id).execute()
    // A stored output, of which a part can be read.
    await db.pool.query(
      `insert into hub.invocations (id, workspace_id, tool, connector, effect, transport, actor, digest, status, output, executor_id, started_at)
       values ('inv_documented', $1, 'http_request', 'http', 'read', 'rest', 'system:test', '', 'completed', '{"items": [1]}', 'exe_test', now())`,
      [workspaceId],
    )
    // Only a person can allow an app something.
    await db.pool.query(
      `with person as (insert into auth."user" (id, name, email, "emailVerified") values ('usr_documented', 'Ada', 'documented@example.com', false)),
            known as (insert into hub.people (id) values ('usr_documented')),
            app as (insert into hub.apps (id, client_id, kind, name, redirect_uris, auth_method)
                    values ('app_documented', 'app_documented', 'registered', 'Notes', '{https://app.example/}', 'none'))
       insert into hub.grants (id, workspace_id, user_id, app_id, scopes, view)
       values ('grn_0197f3d2-0000-7000-8000-000000000000', $1, 'usr_documented', 'app_documented', '{tools:call}', '')`,
      [workspaceId],
    )
    // For what can be said of events and deliveries.
    await db.transaction((trx) =>
      createEventPublisher({ ...hub.hub, ...hub.hub.telemetry }).publish(trx, [{ workspaceId, type: 'documented.happened', data: {} }]),
    )
    const person = await memberOf(hub)
    const synced = await syncedDocument(hub, operator)
    const answered = new Set<string>()
    let id = ''
    for (const [method, template, body] of walk) {
      const url = template.replace('{user}', person).replace('{source}', synced.source).replace('{document}', synced.document)
      // The journal of a read is written a moment after its answer.
      const reply = await until(`${method} ${url} is there`, async () => {
        const found = await hub.call(method, url.replace('{id}', id), body)
        return found.statusCode !== 404 && found
      })
      assert.ok(reply.statusCode < 300, `${method} ${url}: ${reply.payload}`)
      answered.add(assertDescribed(method, url.replace('{id}', id), reply))
      if (reply.payload.startsWith('{')) {
        const value = reply.json<{ id?: string; invocation_id?: string; items?: { id?: string }[] }>()
        id = value.invocation_id ?? value.id ?? value.items?.[0]?.id ?? id
      }
    }
    // They need a provider; their answers are that of /api/v1/connections/{id}.
    const ofProvider = new Set(['POST /api/v1/integrations/{id}/connect/device', 'POST /api/v1/connections/{id}/choice'])
    // The paths of single tools are that of all tools once more.
    const tool = /^\/api\/v1\/tools\/\w+\/invoke$/
    const described = Object.entries(document.paths)
      .filter(([path]) => !tool.test(path))
      .flatMap(([path, operations]) =>
        Object.entries(operations)
          .filter(([, { responses }]) =>
            Object.entries(responses).some(([status, { content }]) => status.startsWith('2') && content?.['application/json']?.schema),
          )
          .map(([method]) => `${method.toUpperCase()} ${path}`),
      )
    assert.ok(described.length > 20)
    assert.ok(answered.values().some((operation) => ofOneTool.test(operation)))
    assert.deepEqual(
      described.filter((operation) => !answered.has(operation) && !ofOneTool.test(operation) && !ofProvider.has(operation)),
      [],
      'these describe their answer, and no step of the walk asks for it',
    )
  })

  test('describes errors as they really come', async () => {
    const wrong: readonly [...Step, string | null, number][] = [
      ['GET', '/api/v1/tokens', undefined, null, 401],
      ['GET', '/api/v1/tokens', undefined, 'ih_wrong', 401],
      ['GET', '/api/v1/tokens?limit=x', undefined, 'admin', 400],
      ['POST', '/api/v1/tokens', { name: 5, more: 1 }, 'admin', 400],
      ['POST', '/api/v1/tokens', { name: 'a', scopes: ['nothing'] }, 'admin', 400],
      ['DELETE', '/api/v1/credentials/none', undefined, 'admin', 404],
      ['POST', '/api/v1/workspaces', { name: 'default' }, 'admin', 409],
      ['POST', '/api/v1/tools/none/invoke', {}, 'admin', 404],
    ]
    for (const [method, url, body, token, status] of wrong) {
      const reply = await hub.with(token === 'admin' ? {} : { token }).call(method, url, body)
      assert.equal(reply.statusCode, status, reply.payload)
      assertDescribed(method, url, reply)
    }
  })
})
