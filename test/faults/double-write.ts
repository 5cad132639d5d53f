import assert from 'node:assert/strict'
import { randomInt, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { upstream } from '#kit/testing'
import { sleep } from '#lib/clock'
import { adminToken, freshDatabase, serveProcess, type HubProcess } from '#test'

/**
 * Kills a serving hub at random moments while keyed writes are under way, and lets every caller ask again under its key until it has an
 * answer. The upstream counts: no key may ever have acted twice, and what is told as completed has acted once.
 */
export async function killDuringWrites(kills: number): Promise<{ writes: number; completed: number; unknown: number }> {
  const acted = new Map<string, number>()
  await using api = await upstream(async ({ path }) => {
    acted.set(path, (acted.get(path) ?? 0) + 1)
    await sleep(randomInt(0, 15))
    return { body: { ok: 1 } }
  })
  await using database = await freshDatabase()
  const env = {
    DATABASE_URL: database.url,
    HUB_ADMIN_TOKEN: adminToken,
    HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    HUB_EGRESS_ALLOW: '127.0.0.1',
    HUB_CONNECTORS: join(import.meta.dirname, '../support/connector'),
    RATE_LIMIT_PER_MINUTE: '1000000',
    LOG_LEVEL: 'info',
  }
  const keys: string[] = []
  const seen = new Map<string, string>()

  for (let round = 0; round < kills; round++) {
    const hub = await serveProcess(env)
    if (round === 0) await connect(hub, api.url)
    const calls = Array.from({ length: 20 }, async () => {
      const key = randomUUID()
      keys.push(key)
      const status = await write(hub, key)
      if (status !== undefined) seen.set(key, status)
    })
    await sleep(randomInt(0, 120))
    hub.child.kill('SIGKILL')
    await once(hub.child, 'close')
    await Promise.all(calls)
  }

  await using hub = await serveProcess(env)
  const outcomes = new Map<string, string>()
  const until = Date.now() + 60_000
  while (outcomes.size < keys.length) {
    assert.ok(Date.now() < until, `${keys.length - outcomes.size} calls were not settled in a minute`)
    for (const key of keys.filter((candidate) => !outcomes.has(candidate))) {
      const status = await write(hub, key)
      if (status === 'completed' || status === 'outcome_unknown') outcomes.set(key, status)
    }
    await sleep(250)
  }

  for (const key of keys) {
    const times = acted.get(`/w/${key}`) ?? 0
    assert.ok(times <= 1, `${key} acted ${times} times`)
    if (outcomes.get(key) === 'completed') assert.equal(times, 1, `${key} is told as completed`)
    // An answer once given stays the answer.
    if (seen.get(key) === 'completed') assert.equal(outcomes.get(key), 'completed')
  }
  const count = (status: string): number => [...outcomes.values()].filter((outcome) => outcome === status).length
  return { writes: keys.length, completed: count('completed'), unknown: count('outcome_unknown') }
}

const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }

async function connect(hub: HubProcess, baseUrl: string): Promise<void> {
  const body = JSON.stringify({ integration_type: 'probe', access_token: 'probe-token', config: { base_url: baseUrl } })
  const reply = await fetch(`${hub.url}/api/v1/integrations`, { method: 'POST', headers, body })
  assert.equal(reply.status, 201, await reply.text())
}

/** The call's status, or the error's code; undefined when the hub died before it answered. */
async function write(hub: HubProcess, key: string): Promise<string | undefined> {
  try {
    const reply = await fetch(`${hub.url}/api/v1/tools/probe_create_thing/invoke`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': key },
      body: JSON.stringify({ input: { at: `/w/${key}` } }),
    })
    const { status, code } = (await reply.json()) as { status: unknown; code?: string }
    return code ?? String(status)
  } catch {
    return undefined
  }
}
