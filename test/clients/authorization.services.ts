import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { fieldsOf, firstPerson, registerApp, testHub, type Browser, type TestHub } from '#test'
import { npmClients, pythonClients } from './install.ts'

const slow = { timeout: 300_000 }

suite('the authorization server, with programs of others', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(() => hub[Symbol.asyncDispose]())

  /** The person allows what is asked for, and is sent back with a code. */
  const allow = async (url: string): Promise<string> => {
    const asks = await ada.call('GET', url)
    const page = await ada.call('GET', asks.headers.get('location')!)
    assert.equal(page.status, 200, page.text)
    const answer = await ada.form('/oauth/consent', { ...fieldsOf(page.text), decision: 'allow' })
    return answer.headers.get('location')!
  }

  test('the official conformance suite for authorization servers passes', slow, async () => {
    const port = await freePort()
    const app = await registerApp(address, { redirect_uris: [`http://127.0.0.1:${port}/callback`] })
    const program = join(await npmClients(), 'node_modules/conformance-2026/dist/index.js')
    const folder = mkdtempSync(join(tmpdir(), 'hub-conformance-'))
    try {
      const given = ['--url', address, '--client-id', app.client.clientId, '--resource', `${address}/mcp`, '--port', String(port)]
      const child = spawn(process.execPath, [program, 'authorization', ...given, '--output-dir', folder])
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
      let output = ''
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
      for await (const line of createInterface({ input: child.stdout })) {
        output += `${line}\n`
        if (line.startsWith(`${address}/oauth/authorize?`)) await fetch(await allow(line))
      }
      assert.equal(await ended, 0, output)
      for (const scenario of ['authorization-server-metadata-endpoint', 'authorization-code-grant'])
        assert.match(output, new RegExp(`✓ ${scenario}: [1-9]\\d* passed, 0 failed`))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('the official Python client registers, signs in, and asks again for a scope that a tool needs', slow, async (t) => {
    const found = await pythonClients()
    if ('missing' in found) return t.skip(found.missing)
    const child = spawn(found.python, [join(import.meta.dirname, 'python/oauth_session.py'), `${address}/mcp`])
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const seen: Record<string, unknown>[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as Record<string, unknown>
      seen.push(said)
      if (typeof said['go_to'] === 'string') child.stdin.write(`${await allow(said['go_to'])}\n`)
    }
    const last = seen.at(-1) ?? {}
    assert.deepEqual([last['server'], last['failed']], ['integration-hub', false], errors)
    assert.equal(seen.length, 3)
    assert.deepEqual(new Set(String(last['scope']).split(' ')), new Set(['tools:call', 'integrations:read']))
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
