import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { adminToken, servedHub, textOf } from '#test'

const main = join(import.meta.dirname, '../../src/main.ts')

async function connect(args: readonly string[], env: Record<string, string>, mode: 'legacy' | { pin: string }) {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main, 'mcp', ...args],
    env: { ...env, PATH: '/usr/bin:/bin' },
    stderr: 'pipe',
  })
  await client.connect(transport)
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
}

test('an agent over standard input and output works on the hub of this machine, without the rights of the operator', async () => {
  const { hub } = await servedHub()
  const { DATABASE_URL, HUB_DATA_DIR, HUB_CONNECTORS } = hub.config
  const env = {
    DATABASE_URL: DATABASE_URL!,
    HUB_DATA_DIR,
    HUB_CONNECTORS: HUB_CONNECTORS.join(','),
    HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    HUB_EGRESS_ALLOW: '127.0.0.1',
    RATE_LIMIT_PER_MINUTE: '1000000',
  }
  await using client = await connect(['--toolset', 'probe,hub', '--list', 'full'], env, { pin: '2026-07-28' })
  const { tools } = await client.listTools()
  assert.ok(tools.some(({ name }) => name === 'probe_get_thing') && !tools.some(({ name }) => name === 'github_get_user'))
  const result = await client.callTool({ name: 'probe_get_thing', arguments: {} })
  assert.deepEqual(JSON.parse(textOf(result)), { ok: 1 })
  const { contents } = await client.readResource({ uri: 'hub://integrations' })
  assert.match((contents[0] as { text: string }).text, /"probe"/)
})

test('the same command reaches a hub elsewhere with a token, for clients of both protocols', async () => {
  const { address, outside } = await servedHub()
  for (const mode of ['legacy', { pin: '2026-07-28' }] as const) {
    await using client = await connect(['--url', address, '--read-only', '--list', 'full'], { HUB_TOKEN: adminToken }, mode)
    const { tools } = await client.listTools()
    assert.ok(tools.length > 10 && tools.every(({ annotations }) => annotations?.readOnlyHint === true))
    const result = await client.callTool({ name: 'probe_get_thing', arguments: { at: '/thing' } })
    assert.deepEqual(JSON.parse(textOf(result)), { ok: 1 })
    assert.ok(!outside.seen.some(({ what }) => what === 'POST /stdio'))
    await assert.rejects(client.callTool({ name: 'probe_create_thing', arguments: { at: '/stdio' } }), /no tool/)
  }
})

test('a wrong token is refused, and says so', async () => {
  const { address } = await servedHub()
  await assert.rejects(connect(['--url', address], { HUB_TOKEN: 'ih_wrong' }, 'legacy'), /token_invalid/)
})
