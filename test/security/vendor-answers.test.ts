import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectors } from '#connectors'
import { HubError } from '#kit'
import { runAction, upstream } from '#kit/testing'
import { configFor, isWrite, oddAnswers, sampleCredential, toolBench } from '#test'

const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_126)
/** Systems that are not asked over HTTP. */
const notHttp = new Set(['smtp'])
const answersInAll = 10_000
const atOnce = 8

test(`none of ${answersInAll} odd answers of outside systems is a fault of the hub, and none makes a write that was accepted a failed one`, async () => {
  const actions = connectors
    .filter(({ name }) => !notHttp.has(name))
    .flatMap((connector) => Object.entries(connector.actions).map(([name, action]) => ({ connector, name, action })))
  const rounds = Math.ceil(answersInAll / actions.length)
  const next = oddAnswers(seed)
  let asked = 0
  const askAll = async ({ connector, name, action }: (typeof actions)[number]): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      let accepted = false
      await using api = await upstream(({ method }) => {
        const answer = next()
        asked += 1
        const { status = 200 } = answer
        if (isWrite(method) && answer.fault === undefined && status < 300) accepted = true
        return answer
      })
      const error = await runAction(connector, name, {
        input: action.example,
        credential: sampleCredential(connector),
        config: configFor(connector, api.url),
      }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error === undefined) continue
      const place = `${connector.name}_${name} with seed ${seed}, round ${round}`
      assert.ok(error instanceof HubError, `${place}: ${String(error)}`)
      assert.notEqual(error.code, 'internal', `${place}: ${String((error.details.cause as Error | undefined)?.stack)}`)
      if (accepted && action.effect !== 'read') assert.ok(mayEndLike(error), `${place}: ${error.code} ${error.message}`)
    }
  }
  const queue = [...actions]
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let action = queue.pop(); action; action = queue.pop()) await askAll(action)
    }),
  )
  assert.ok(asked >= answersInAll * 0.9, `only ${asked} answers were read`)
})

/** A refusal that the outside system says itself in an answer with status 200, and the later refusal after writes that may be repeated, are clear. */
function mayEndLike({ code }: HubError): boolean {
  return code === 'outcome_unknown' || (code.startsWith('vendor_') && code !== 'vendor_invalid_response' && code !== 'vendor_too_large')
}

test('what an odd answer of an accepted write leaves behind can be stored and read again', async () => {
  await using b = await toolBench()
  await b.hub.call('POST', '/api/v1/integrations', { integration_type: 'http', auth_type: 'none', config: { base_url: b.api.url } })
  const next = oddAnswers(seed + 1)
  for (let count = 0; count < 300; count++) {
    let { body } = next()
    while (typeof body !== 'string' || body.length > 1_000_000) body = next().body
    b.answer = () => ({ headers: { 'content-type': 'application/json' }, body })
    const made = await b.invoke('http_request', { input: { method: 'POST', path: '/orders', json_path: count % 2 ? 'items[0].name' : '' } })
    assert.deepEqual(
      [made.status, made.body['status']],
      [200, 'completed'],
      `seed ${seed + 1}, call ${count}: ${JSON.stringify(made.body)}`,
    )
    const stored = await b.hub.call('GET', `/api/v1/invocations/${made.body['invocation_id']}`)
    assert.deepEqual([stored.statusCode, stored.json().status], [200, 'completed'])
  }
})
