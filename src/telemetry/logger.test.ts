import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from './logger.ts'

const token = `ghp_${'Ab3dEf6hIj'.repeat(2)}`
const plain = 'hunter2'

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = []
  write(createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } }))
  return lines.join('')
}

test('a log line is one JSON object with level, time and message', () => {
  const line = JSON.parse(logged((logger) => logger.info({ request_id: 'r1', count: 3, at: new Date(0) }, 'done'))) as Record<
    string,
    unknown
  >
  assert.deepEqual(
    { ...line, time: '' },
    { level: 'info', time: '', request_id: 'r1', count: 3, at: '1970-01-01T00:00:00.000Z', msg: 'done' },
  )
  assert.match(String(line['time']), /^\d{4}-.*Z$/)
})

test('secrets do not reach a log line by name, by shape, in messages, arguments, bindings or errors', () => {
  const cause = new Error(`while calling with ${token}`)
  const error = Object.assign(new Error(`refused ${token}`, { cause }), { headers: { authorization: plain }, password: plain })
  const ways: ((logger: ReturnType<typeof createLogger>) => void)[] = [
    (logger) => logger.info({ password: plain, nested: [{ client_secret: plain, accessToken: plain }] }, 'x'),
    (logger) => logger.info({ secrets: { a: plain, b: [plain] } }, 'x'),
    (logger) => logger.info({ url: `postgres://hub:${plain}@db/hub` }, `postgres://hub:${plain}@db/hub`),
    (logger) => logger.info(`using ${token}`),
    (logger) => logger.info('using %s and %o', token, { password: plain }),
    (logger) => logger.error(error),
    (logger) => logger.error({ err: error }),
    (logger) => logger.error({ err: error }, 'failed'),
    (logger) => logger.error({ reason: error }, 'failed'),
    (logger) => logger.error(new AggregateError([error], token)),
    (logger) => logger.child({ token: plain, note: token }).info('x'),
    (logger) => logger.info({ key: Buffer.from(plain), raw: new Uint8Array(Buffer.from(token)) }, 'x'),
    (logger) => logger.info({ a: { b: { c: { d: { e: { f: { g: { h: token, password: plain } } } } } } } }, 'x'),
  ]
  for (const [index, way] of ways.entries()) {
    const text = logged(way)
    assert.ok(text.length > 50, `way ${index} logged nothing`)
    assert.ok(!text.includes(token) && !text.includes(plain), `way ${index}: ${text}`)
    assert.ok(!text.includes([...Buffer.from(plain)].join(',')), `way ${index}: ${text}`)
  }
})

test('an error keeps its type, code and stack, and a value that contains itself is logged', () => {
  const ring: Record<string, unknown> = { name: 'ring' }
  ring['self'] = ring
  assert.match(
    logged((logger) => logger.info({ ring }, 'x')),
    /"name":"ring"/,
  )
  const text = logged((logger) => logger.error({ err: Object.assign(new TypeError('bad'), { code: 'EBAD' }) }, 'failed'))
  const { err, msg } = JSON.parse(text) as { err: { type: string; code: string; stack: string }; msg: string }
  assert.deepEqual([err.type, err.code, msg], ['TypeError', 'EBAD', 'failed'])
  assert.match(err.stack, /logger\.test/)
})
