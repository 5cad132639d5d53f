import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstream } from '#kit/testing'
import { sleep } from '#lib/clock'
import { freshDatabase, mcpRequest, serveProcess, type HubProcess } from '#test'
import { kill, pause, resume, until } from '#test/faults'
import { join } from 'node:path'
import { ask, hubSettings } from './webhooks.ts'

const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
/** The engine declares a process dead after two sweeps, and gives its jobs away then. */
const patience = 60_000

/** Two hubs on one database, and a system outside that answers when it is told to. */
async function twoHubs() {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await freshDatabase())
  let waiting: (() => void)[] = []
  const outside = stack.use(
    await upstream(async ({ path }) => {
      if (path.startsWith('/held')) await new Promise<void>((resolve) => waiting.push(resolve))
      return { body: { ok: 7 } }
    }),
  )
  stack.defer(() => waiting.forEach((answer) => answer()))
  const settings = {
    ...hubSettings,
    DATABASE_URL: database.url,
    HUB_CONNECTORS: join(import.meta.dirname, '../support/connector'),
    HUB_DRAIN_SECONDS: '1',
    RATE_LIMIT_PER_MINUTE: '100000',
  }
  const start = async (): Promise<HubProcess> => {
    const hub = await serveProcess(settings)
    // Whatever the test found, no process may be left.
    stack.defer(async () => {
      hub.child.kill('SIGCONT')
      hub.child.kill('SIGKILL')
      await hub.exited
    })
    return hub
  }
  const maker = await start()
  const other = await start()
  await ask(maker, '/api/v1/integrations', { integration_type: 'probe', access_token: 'probe-token', config: { base_url: outside.url } })
  const owned = stack.move()
  return {
    maker,
    other,
    /** The requests to a path that the system outside has got. */
    got: (path: string) => outside.requests.filter((request) => request.path === path).length,
    answerAll: () => {
      waiting.forEach((answer) => answer())
      waiting = []
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function begin(hub: HubProcess, tool: string, at: string): Promise<string> {
  const params = { name: tool, arguments: { at }, _meta: { 'integrationhub/task': true } }
  const { result, error } = await mcpRequest(hub.url, { method: 'tools/call', params, capabilities })
  assert.equal(result?.['resultType'], 'task', JSON.stringify(error))
  return result['taskId'] as string
}

async function stateOf(
  hub: HubProcess,
  taskId: string,
): Promise<{ status: string; result?: { isError?: boolean; content: { text: string }[] } }> {
  const { result, error } = await mcpRequest(hub.url, { method: 'tasks/get', params: { taskId }, capabilities })
  assert.ok(result, JSON.stringify(error))
  return result as never
}

const ended = (hub: HubProcess, taskId: string) =>
  until(
    'the task has ended',
    async () => {
      const state = await stateOf(hub, taskId)
      return state.status !== 'working' && state
    },
    patience,
  )

test('a task whose process is killed is made by another one, and a write that was sent is not sent again', async () => {
  await using hubs = await twoHubs()
  const { maker, other, got, answerAll } = hubs
  const read = await begin(maker, 'probe_slow_thing', '/held-read')
  const write = await begin(maker, 'probe_create_thing', '/held-write')
  await until('both requests were sent', () => got('/held-read') === 1 && got('/held-write') === 1, patience)
  kill(maker.child.pid!)
  await maker.exited
  await until('the read is sent again', () => got('/held-read') === 2, patience)
  answerAll()
  const { status, result } = await ended(other, read)
  assert.equal(status, 'completed')
  assert.deepEqual(JSON.parse(result!.content[0]!.text), { ok: 7 })
  const unknown = await ended(other, write)
  assert.equal(unknown.result!.isError, true)
  assert.match(unknown.result!.content[0]!.text, /outcome_unknown/)
  assert.equal(got('/held-write'), 1)
})

test('a task that another process makes is cancelled while the system outside has not answered', async () => {
  await using hubs = await twoHubs()
  const { maker, other, got } = hubs
  const id = await begin(maker, 'probe_slow_thing', '/held-cancel')
  await until('the request was sent', () => got('/held-cancel') === 1, patience)
  assert.equal((await mcpRequest(other.url, { method: 'tasks/cancel', params: { taskId: id }, capabilities })).error, undefined)
  assert.equal((await ended(other, id)).status, 'cancelled')
  assert.equal((await stateOf(maker, id)).status, 'cancelled')
})

test('a task of a process that is stopped is read and cancelled by another one, and stays cancelled when the process goes on', async () => {
  await using hubs = await twoHubs()
  const { maker, other, got, answerAll } = hubs
  const id = await begin(maker, 'probe_create_thing', '/held-stopped')
  await until('the request was sent', () => got('/held-stopped') === 1, patience)
  pause(maker.child.pid!)
  assert.equal((await stateOf(other, id)).status, 'working')
  assert.equal((await mcpRequest(other.url, { method: 'tasks/cancel', params: { taskId: id }, capabilities })).error, undefined)
  // The answer comes while nobody reads it.
  answerAll()
  await sleep(3000)
  resume(maker.child.pid!)
  const { status, result } = await ended(other, id)
  assert.deepEqual(await stateOf(maker, id), await stateOf(other, id))
  // The write was sent, and whether its answer or the cancellation is seen first is open.
  if (status === 'completed') assert.match(result!.content[0]!.text, /outcome_unknown|"ok":7/)
  else assert.equal(status, 'cancelled')
  assert.equal(got('/held-stopped'), 1)
})
