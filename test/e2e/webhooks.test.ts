import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { suite, test } from 'node:test'
import { sign } from '@octokit/webhooks-methods'
import pg from 'pg'
import { adminToken, freshDatabase, serveProcess, type HubProcess } from '#test'
import { until } from '#test/faults'

const definitions = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: object[] }[]
const secret = 'a-secret-shared-with-github'

interface Payload {
  readonly event: string
  readonly body: string
  readonly delivery: string
}

const payloads: readonly Payload[] = definitions.flatMap(({ name, examples }) =>
  examples.map((example) => ({ event: name, body: JSON.stringify(example), delivery: randomUUID() })),
)

suite('every example payload of GitHub', () => {
  test('is taken in as it came, and handed on; changed by one byte it is refused', async () => {
    await using database = await freshDatabase()
    await using hub = await serveProcess({
      DATABASE_URL: database.url,
      HUB_ADMIN_TOKEN: adminToken,
      HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      LOG_LEVEL: 'info',
    })
    const made = await fetch(`${hub.url}/api/v1/credentials`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'github-webhook-secret', data: { token: secret } }),
    })
    assert.equal(made.status, 201, await made.text())
    assert.equal(payloads.length, 329)

    // Five of the examples stand there twice, each time under an id of its own.
    const answers = await Promise.all(payloads.map((payload) => send(hub, payload)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202])
    const digests = new Set(payloads.map(({ body }) => createHash('sha256').update(body).digest('hex')))
    assert.equal(payloads.length - digests.size, 5)
    assert.equal(answers.filter(({ said }) => said.status === 'accepted').length, payloads.length)
    const again = await Promise.all(payloads.map((payload) => send(hub, payload)))
    assert.equal(again.filter(({ said }) => said.status === 'duplicate').length, payloads.length)

    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      await until('all are handed on', async () => (await client.query('select from hub.event_queue')).rowCount === 0)
      const { rows } = await client.query<{
        id: string
        type: string
        body: Buffer
        status: string
        verified: boolean
        delivery: string
        earlier: string | null
      }>('select id, type, body, status, verified, delivery_id as delivery, same_body_as as earlier from hub.events')
      assert.equal(rows.length, payloads.length)
      assert.equal(rows.filter(({ earlier }) => earlier !== null).length, 5)
      const stored = new Map(rows.map((row) => [row.id, row]))
      for (const [index, { event, body, delivery }] of payloads.entries()) {
        const { id } = answers[index]!.said
        const row = stored.get(id!)
        assert.ok(row, `${event} was acknowledged and is not there`)
        assert.deepEqual(
          [row.type, row.body.toString(), row.status, row.verified, row.delivery],
          [`github.${event}`, body, 'dispatched', true, delivery],
        )
      }

      // From one address only sixty may fail in a minute.
      const tampered = definitions.map(({ name, examples }) => ({ event: name, body: JSON.stringify(examples[0]), delivery: randomUUID() }))
      for (const payload of tampered) {
        const { status } = await send(hub, payload, payload.body.replace('"', ' "'))
        assert.equal(status, 401, payload.event)
      }
      assert.equal((await client.query('select from hub.events')).rowCount, payloads.length)
    } finally {
      await client.end()
    }
  })
})

async function send(hub: HubProcess, { event, body, delivery }: Payload, sent = body) {
  const signature = await sign(secret, body)
  const reply = await fetch(`${hub.url}/api/v1/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': delivery,
      'x-hub-signature-256': signature,
    },
    body: sent,
  })
  return { status: reply.status, said: (await reply.json()) as { status?: string; id?: string } }
}
