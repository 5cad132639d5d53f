import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFor, preparation, sampleCredential } from '#test'
import type { Action, Connector } from '#kit'
import { runAction, upstream, type RecordedRequest, type Scripted } from '#kit/testing'
import { connectors } from './index.ts'

/** What an outside system may do after it has made a change. */
const faults: Readonly<Record<string, Scripted>> = {
  'cuts the connection': { fault: 'cut' },
  'answers 500': { status: 500, body: { message: 'Server Error' } },
  'answers 501': { status: 501 },
  'answers 502': { status: 502, body: '<html>' },
  'answers 503': { status: 503, headers: { 'retry-after': '0' } },
  'answers with a page': { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' },
}

/** Systems that are not asked over HTTP have this test of their own. */
const notHttp = new Set(['smtp'])
/** The http connector returns whatever comes as a result, so a page is not a fault. */
const takesPages = new Set(['http'])

for (const connector of connectors.filter(({ name }) => !notHttp.has(name))) {
  for (const [fault, reply] of Object.entries(faults)) {
    if (takesPages.has(connector.name) && fault === 'answers with a page') continue
    for (const idempotencyKey of ['key-1', undefined])
      test(`${connector.name}: a write is made once where the system acts and then ${fault}, ${idempotencyKey ? 'with' : 'without'} a key`, async () => {
        await Promise.all(
          Object.entries(connector.actions)
            .filter(([, { effect }]) => effect !== 'read')
            .map(([name, action]) => actThen(reply, { connector, name, action, idempotencyKey })),
        )
      })
  }
}

interface Case {
  readonly connector: Connector
  readonly name: string
  readonly action: Action
  readonly idempotencyKey: string | undefined
}

async function actThen(reply: Scripted, { connector, name, action, idempotencyKey }: Case): Promise<void> {
  const made: RecordedRequest[] = []
  await using api = await upstream((request): Scripted => {
    const prepared = preparation(request, api.url)
    if (prepared) return prepared
    made.push(request)
    return reply
  })
  const error = (await runAction(connector, name, {
    input: name === 'request' ? { method: 'POST', path: '/orders', json: { a: 1 } } : action.example,
    credential: sampleCredential(connector),
    config: configFor(connector, api.url),
    maxRetries: 1,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }).then(
    (output) => ({ code: `completed ${JSON.stringify(output)}` }),
    (thrown: unknown) => thrown,
  )) as { code?: string; message?: string }
  assert.ok(made.length > 0, `${name}: nothing was sent: ${error.code} ${error.message}`)
  // Some systems answer a write with an empty body or a text, and such an action reads nothing out of it.
  if (reply.status !== 200 || !error.code?.startsWith('completed'))
    assert.equal(error.code, 'outcome_unknown', `${name}: ${String(error.code)} ${error.message}`)
  const header = action.idempotencyHeader?.toLowerCase()
  if (header !== undefined) {
    const keys = new Set(made.map(({ headers }) => headers[header]))
    assert.equal(keys.size, 1, `${name}: the repetitions have several keys`)
    assert.ok(![...keys].includes(undefined), `${name}: a write has no key`)
  } else if (!action.idempotent) {
    const texts = made.map(({ method, path, body }) => `${method} ${path} ${body}`)
    assert.equal(new Set(texts).size, texts.length, `${name}: sent twice: ${texts.join(', ')}`)
  }
}
