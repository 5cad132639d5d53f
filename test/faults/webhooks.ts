import assert from 'node:assert/strict'
import { createHmac, randomInt } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findRunning } from '#db'
import { sleep } from '#lib/clock'
import { adminToken, serveProcess, startReceiver, type HubProcess } from '#test'
import { kill } from './processes.ts'
import { until } from './wait.ts'

export const hookSecret = 'a-secret-to-everybody'
const senders = 12

export const hubSettings = {
  HUB_ADMIN_TOKEN: adminToken,
  HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
  HUB_EGRESS_ALLOW: '127.0.0.1',
  LOG_LEVEL: 'info',
}

export async function ask(hub: HubProcess, path: string, body?: unknown): Promise<any> {
  const reply = await fetch(`${hub.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const said: unknown = await reply.json()
  assert.ok(reply.ok, `${path}: ${JSON.stringify(said)}`)
  return said
}

/** A delivery as GitHub would send it. */
export function deliver(hub: HubProcess, data: unknown, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify(data)
  return fetch(`${hub.url}/api/v1/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-hub-signature-256': `sha256=${createHmac('sha256', hookSecret).update(body).digest('hex')}`,
    },
    body,
    signal: signal ?? null,
  })
}

export interface Kills {
  readonly rounds: number
  /** Leases of who was killed are waited for, a minute; otherwise they are said to have run out. */
  readonly patient: boolean
}

/**
 * Kills in turn the hub and its database server at random moments while deliveries come in, and then counts: what was acknowledged is there,
 * and each event has gone to the endpoint once, however often it was tried.
 */
export async function killUnderLoad({ rounds, patient }: Kills): Promise<{ acknowledged: number; events: number; arrivals: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'hub-faults-'))
  chmodSync(folder, 0o711)
  const dataDir = join(folder, 'data')
  const env = { ...hubSettings, HUB_DATA_DIR: dataDir }
  await using receiver = await startReceiver()
  const acknowledged = new Map<string, number>()
  const statuses = new Set<number>()
  let count = 0

  const load = (hub: HubProcess) => {
    const stop = new AbortController()
    const ends = Array.from({ length: senders }, async () => {
      while (!stop.signal.aborted) {
        const number = (count += 1)
        try {
          const reply = await deliver(hub, { number })
          statuses.add(reply.status)
          if (reply.status === 202) acknowledged.set(((await reply.json()) as { id: string }).id, number)
          else await sleep(50)
        } catch {
          // Whether it came through nobody knows: GitHub would not know either.
          await sleep(20)
        }
      }
    })
    return async (): Promise<void> => {
      stop.abort()
      await Promise.all(ends)
    }
  }

  let hub = await serveProcess(env)
  try {
    await ask(hub, '/api/v1/credentials', { name: 'github-webhook-secret', data: { token: hookSecret } })
    await ask(hub, '/api/v1/endpoints', { url: receiver.url, types: ['github.issues'] })
    for (let round = 0; round < rounds; round++) {
      const before = acknowledged.size
      const stopLoad = load(hub)
      await until('deliveries are acknowledged', () => acknowledged.size > before, 30_000)
      await sleep(randomInt(0, 400))
      if (round % 2 === 0) {
        kill(hub.child.pid!)
        await hub.exited
        await stopLoad()
        hub = await serveProcess(env)
      } else {
        kill(postmasterOf(dataDir))
        await sleep(randomInt(0, 400))
        await stopLoad()
        await until('the hub has its database again', async () => (await fetch(`${hub.url}/readyz`)).status === 200, 30_000)
      }
    }
    assert.deepEqual(
      [...statuses].filter((status) => status !== 202 && status !== 503),
      [],
      hub.output(),
    )
    return await settle(dataDir, { acknowledged, receiver, patient })
  } finally {
    await hub[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Settling {
  readonly acknowledged: ReadonlyMap<string, number>
  readonly receiver: { readonly received: readonly { headers: Record<string, unknown> }[] }
  readonly patient: boolean
}

async function settle(dataDir: string, { acknowledged, receiver, patient }: Settling) {
  const { address } = (await findRunning(dataDir))!
  const client = new pg.Client({ ...address, database: 'hub' })
  await client.connect()
  try {
    const idsOf = async (query: string): Promise<string[]> => (await client.query<{ id: string }>(query)).rows.map(({ id }) => id)
    const isNone = async (query: string): Promise<boolean> => (await client.query(query)).rowCount === 0
    await until('the queue is empty', () => isNone('select from hub.event_queue'), 30_000)
    if (!patient) await client.query(`update hub.deliveries set leased_until = now() where leased_until is not null`)
    await until('all is delivered', () => isNone(`select from hub.deliveries where status <> 'delivered'`), 120_000)

    const events = await idsOf(`select id from hub.events where type = 'github.issues' order by id`)
    const stored = new Set(events)
    assert.deepEqual(
      [...acknowledged.keys()].filter((id) => !stored.has(id)),
      [],
      'acknowledged, and lost',
    )
    assert.deepEqual(await idsOf('select event_id as id from hub.deliveries order by event_id'), events)
    assert.deepEqual(await idsOf('select event_id as id from hub.event_effects order by event_id'), events)
    const arrived = new Set(receiver.received.map(({ headers }) => String(headers['webhook-id'])))
    assert.deepEqual([...arrived].toSorted(), events)
    return { acknowledged: acknowledged.size, events: events.length, arrivals: receiver.received.length }
  } finally {
    await client.end()
  }
}

function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
}
