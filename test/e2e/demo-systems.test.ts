import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { test } from 'node:test'
import { freshDatabase, servedHub, testHub, type TestHub } from '#test'
import { until } from '#test/faults'

const calls = [
  ['github_get_repository', 'demo-github', { owner: 'octocat', repo: 'hello-world' }],
  ['slack_send_message', 'demo-slack', { channel: '#general', text: 'Hello' }],
  ['openai_ask', 'demo-openai', { prompt: 'Hello' }],
] as const

async function call(hub: Pick<TestHub, 'call'>, [tool, integration, input]: readonly [string, string, object]): Promise<any> {
  return (await hub.call('POST', `/api/v1/tools/${tool}/invoke`, { input, integration })).json()
}

test('the demo systems answer the integrations of the demo, in their workspace, while they run, and nobody else', async () => {
  await using database = await freshDatabase()
  await using hub = await testHub({ DATABASE_URL: database.url })
  assert.deepEqual((await hub.call('GET', '/api/v1/demo')).json(), { enabled: true, running: false, integrations: [], flow: null })
  const admin = (await hub.call('POST', '/api/v1/tokens', { name: 'admin', scopes: ['admin'] })).json().token
  for (const path of ['demo', 'demo/stop', 'demo/webhook']) {
    const refused = await hub.with({ token: admin }).call('POST', `/api/v1/${path}`)
    assert.deepEqual([refused.statusCode, refused.json().code], [403, 'scope_missing'], path)
  }
  const started = (await hub.call('POST', '/api/v1/demo')).json()
  assert.deepEqual([started.running, started.flow, started.integrations.length], [true, 'demo-hello', 3])
  assert.deepEqual((await hub.call('POST', '/api/v1/demo')).json(), started, 'nothing happens twice')
  for (const [tool, integration, input] of calls)
    assert.equal(
      (await call(hub, [tool, integration, input])).status,
      'completed',
      `${tool}: ${JSON.stringify(await call(hub, [tool, integration, input]))}`,
    )

  const { config, origin } = (await hub.call('GET', '/api/v1/integrations/demo-github')).json()
  assert.equal(origin, 'demo')
  const create = { name: 'mine', integration_type: 'github', access_token: 'ghp_own', config }
  assert.equal((await hub.call('POST', '/api/v1/integrations', create)).statusCode, 201)
  assert.equal((await call(hub, [calls[0][0], 'mine', calls[0][2]])).code, 'address_refused', 'others do not reach them')
  const { port } = new URL(await hub.address())
  for (const elsewhere of [`http://127.0.0.1:${port}`, 'http://localhost:1', 'https://api.github.com']) {
    await hub.call('PATCH', '/api/v1/integrations/demo-github', { config: { api_url: elsewhere } })
    assert.equal((await call(hub, calls[0])).code, 'address_refused', `nor do they reach ${elsewhere}`)
  }
  await hub.call('PATCH', '/api/v1/integrations/demo-github', { config: { api_url: config.api_url } })
  assert.equal((await call(hub, calls[0])).status, 'completed')

  await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
  const there = hub.with({ headers: { 'hub-workspace': 'elsewhere' } })
  assert.deepEqual((await there.call('GET', '/api/v1/demo')).json(), { enabled: true, running: false, integrations: [], flow: null })
  assert.equal((await there.call('POST', '/api/v1/demo/webhook')).json().code, 'demo_not_running')
  assert.equal((await call(there, calls[0])).code, 'integration_unknown')

  // As after a restart: what is stored is there, and the systems are not.
  await using again = await testHub({ DATABASE_URL: database.url })
  const after = (await again.call('GET', '/api/v1/demo')).json()
  assert.deepEqual([after.running, after.integrations.length, after.flow], [false, 3, 'demo-hello'])
  for (const [tool, integration, input] of calls) assert.equal((await call(again, [tool, integration, input])).code, 'demo_not_running')
  assert.equal((await again.call('POST', '/api/v1/demo')).json().running, true)
  assert.equal((await call(again, calls[0])).status, 'completed')
  assert.equal((await again.call('GET', '/api/v1/integrations')).json().items.length, 4, 'the same integrations, with the new addresses')

  const { api_url: url } = (await again.call('GET', '/api/v1/integrations/demo-github')).json().config
  const stopped = (await again.call('POST', '/api/v1/demo/stop')).json()
  assert.deepEqual(stopped, { enabled: true, running: false, integrations: [], flow: null })
  await assert.rejects(fetch(url), 'nothing listens any more')
})

test('a sample webhook of the demo becomes an event, and a run that completes', async () => {
  const { hub, operator } = await servedHub()
  await hub.demo.start(operator)
  try {
    const eventId = await hub.demo.sendSample(operator.workspaceId)
    const run = await until(
      'the run is over',
      async () => {
        const [first] = await hub.flows.runs(operator.workspaceId, { flow: 'demo-hello' }, { limit: 1 })
        return first?.finishedAt && first
      },
      30_000,
    )
    assert.deepEqual([run.status, run.eventId, run.error], ['completed', eventId, null])
    const { id } = await hub.flows.trigger(operator, 'demo-hello')
    assert.equal((await hub.flows.wait(operator.workspaceId, id, 20_000)).status, 'completed', 'it runs by hand too')
  } finally {
    await hub.demo.stop(operator)
  }
})

test('the demo that runs makes again what was removed, and leaves the rest as it is', async () => {
  await using hub = await testHub()
  await hub.call('POST', '/api/v1/demo')
  const slack = async () => (await hub.call('GET', '/api/v1/integrations/demo-slack')).json()
  await hub.call('PATCH', '/api/v1/integrations/demo-slack', { enabled: false })
  const before = await slack()
  assert.equal((await hub.call('DELETE', '/api/v1/integrations/demo-github')).statusCode, 204)
  assert.equal((await hub.call('DELETE', '/api/v1/flows/demo-hello')).statusCode, 204)
  const again = (await hub.call('POST', '/api/v1/demo')).json()
  assert.deepEqual([again.running, again.flow, again.integrations.length], [true, 'demo-hello', 3])
  assert.equal((await call(hub, calls[0])).status, 'completed')
  assert.equal((await hub.call('POST', '/api/v1/demo/webhook')).statusCode, 202)
  assert.deepEqual(await slack(), before)
})

test('HUB_DEMO=off refuses the demo', async () => {
  await using hub = await testHub({ HUB_DEMO: 'off' })
  assert.equal((await hub.call('GET', '/api/v1/demo')).json().enabled, false)
  const refused = await hub.call('POST', '/api/v1/demo')
  assert.deepEqual([refused.statusCode, refused.json().code], [409, 'demo_unavailable'])
})

test('a hub without the packages of the demo says how to get them, and begins nothing', async () => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier.endsWith('/demo/systems.ts')) throw new Error('Cannot find package')
      return next(specifier, context)
    },
  })
  try {
    await using hub = await testHub()
    const refused = await hub.call('POST', '/api/v1/demo')
    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'demo_unavailable'])
    assert.match(refused.json().hint, /development packages/)
    assert.deepEqual((await hub.call('GET', '/api/v1/demo')).json(), { enabled: true, running: false, integrations: [], flow: null })
  } finally {
    hooks.deregister()
  }
})

test('a flow that somebody wrote or changed under the name of the sample is kept', async () => {
  await using hub = await testHub()
  const source = 'id: demo-hello\nsteps: [{ id: mine, transform: mine }]'
  assert.equal((await hub.call('POST', '/api/v1/flows', { source })).statusCode, 201)
  const started = (await hub.call('POST', '/api/v1/demo')).json()
  assert.deepEqual([started.running, started.flow], [true, 'demo-hello'])
  const stopped = (await hub.call('POST', '/api/v1/demo/stop')).json()
  assert.deepEqual([stopped.running, stopped.flow], [false, 'demo-hello'])
  const kept = (await hub.call('GET', '/api/v1/flows/demo-hello')).json()
  assert.deepEqual([kept.version, kept.source], [1, source])
})
