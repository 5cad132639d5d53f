import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { serveStdio, type Send } from './stdio.ts'

async function talk(
  lines: readonly string[],
  send: Send,
): Promise<{ id?: unknown; result?: unknown; error?: { code: number; message: string } }[]> {
  const input = new PassThrough()
  const output = new PassThrough()
  const serving = serveStdio({ input, output }, send)
  for (const line of lines) input.write(`${line}\n`)
  input.end()
  await serving
  output.end()
  const text = (await output.toArray()).join('')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { id?: unknown })
}

const json = (value: unknown): Response => Response.json(value)

test('a line that is no message is answered as such, and the next one is served', async () => {
  const answers = await talk(['nonsense', '[]', '', '{"jsonrpc":"2.0","id":1,"method":"ping"}'], async () =>
    json({ jsonrpc: '2.0', id: 1, result: {} }),
  )
  assert.deepEqual(
    answers.map(({ id, error }) => [id, error?.code]),
    [
      [null, -32700],
      [null, -32700],
      [1, undefined],
    ],
  )
})

test('a cancelled request is given up, and gets no answer', async () => {
  let gaveUp = false
  const answers = await talk(
    [
      '{"jsonrpc":"2.0","id":"slow","method":"tools/call"}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"slow"}}',
    ],
    ({ body, signal }) =>
      body.includes('notifications')
        ? Promise.resolve(new Response(null, { status: 202 }))
        : new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              gaveUp = true
              reject(new Error('given up'))
            })
          }),
  )
  assert.deepEqual([answers, gaveUp], [[], true])
})

test('what the hub answers beside the protocol, and what it does not answer, is an error of the request', async () => {
  const lines = ['{"jsonrpc":"2.0","id":1,"method":"ping"}', '{"jsonrpc":"2.0","id":2,"method":"ping"}']
  const answers = await talk(lines, async ({ body }) => {
    if (body.includes('"id":2')) throw new Error('connection refused')
    return json({ code: 'token_invalid', detail: 'the token is unknown' })
  })
  const messages = new Map(answers.map(({ id, error }) => [id, error?.message]))
  assert.equal(messages.get(1), 'token_invalid: the token is unknown')
  assert.equal(messages.get(2), 'connection refused')
})

test('headers name the version, the method and what is meant, and hold no other lines', async () => {
  const seen: Record<string, string>[] = []
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
  const lines = [
    { jsonrpc: '2.0', id: 0, method: 'initialize', params: {} },
    { jsonrpc: '2.0', id: 1, method: 'ping' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'tät\r\nx: y', _meta: meta } },
  ]
  await talk(
    lines.map((line) => JSON.stringify(line)),
    async ({ headers }) => {
      seen.push(Object.fromEntries(headers))
      return json({ jsonrpc: '2.0', id: 0, result: { protocolVersion: '2025-11-25' } })
    },
  )
  assert.equal(seen[0]!['mcp-protocol-version'], undefined)
  assert.equal(seen[1]!['mcp-protocol-version'], '2025-11-25')
  assert.equal(seen[2]!['mcp-protocol-version'], '2026-07-28')
  assert.equal(seen[2]!['mcp-name'], `=?base64?${Buffer.from('tät\r\nx: y').toString('base64')}?=`)
})

test('a stream of messages is passed on one by one, wherever its parts are cut', async () => {
  const note = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1, message: 'ü' } }
  const text = `event: message\ndata: ${JSON.stringify(note)}\n\n: keepalive\n\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} })}\n\n`
  const bytes = Buffer.from(text)
  const answers = await talk(['{"jsonrpc":"2.0","id":1,"method":"tools/call"}'], async () => {
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  assert.deepEqual(answers, [note, { jsonrpc: '2.0', id: 1, result: {} }])
})
