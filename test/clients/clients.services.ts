import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { adminToken, servedHub } from '#test'
import { npmClients, pythonClients } from './install.ts'

const run = promisify(execFile)
const slow = { timeout: 300_000 }

async function python<T>(t: TestContext, script: string): Promise<T | undefined> {
  const found = await pythonClients()
  if ('missing' in found) {
    t.skip(found.missing)
    return undefined
  }
  const { address } = await servedHub()
  const { stdout } = await run(found.python, [join(import.meta.dirname, 'python', script), `${address}/mcp?list=full`, adminToken])
  return JSON.parse(stdout) as T
}

suite('clients of others', () => {
  test('the official Python client holds a whole session', slow, async (t) => {
    const seen = await python<{
      server: string
      tools: string[]
      result: unknown
      wrong: [boolean, string]
      resources: string[]
      integration: string
      prompts: string[]
    }>(t, 'session.py')
    if (!seen) return
    assert.equal(seen.server, 'integration-hub')
    assert.ok(seen.tools.includes('github_create_issue'))
    assert.deepEqual(seen.result, { ok: 1 })
    assert.equal(seen.wrong[0], true)
    assert.match(seen.wrong[1], /^invalid_input/)
    assert.ok(seen.resources.includes('hub://runs'))
    assert.equal(seen.integration, 'probe')
    assert.ok(seen.prompts.includes('send-summary-email'))
  })

  test('LangChain’s adapter loads the tools and calls one', slow, async (t) => {
    const seen = await python<{ tools: string[]; answer: string }>(t, 'langchain_session.py')
    if (!seen) return
    assert.ok(seen.tools.length > 50)
    assert.match(seen.answer, /"ok": ?1/)
  })

  test('the inspector lists, calls and reads from its command line', slow, async () => {
    const { address } = await servedHub()
    const inspector = join(await npmClients(), 'node_modules/.bin/mcp-inspector')
    const inspect = async (...args: string[]): Promise<Record<string, unknown>> => {
      const url = `${address}/mcp?list=full`
      const all = ['--cli', url, '--transport', 'http', '--header', `Authorization: Bearer ${adminToken}`, ...args]
      const { stdout } = await run(inspector, all, { maxBuffer: 50_000_000 })
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const { tools } = (await inspect('--method', 'tools/list')) as { tools: { name: string }[] }
    assert.ok(tools.some(({ name }) => name === 'probe_get_thing'))
    const called = await inspect('--method', 'tools/call', '--tool-name', 'probe_get_thing', '--tool-arg', 'at=/thing')
    assert.deepEqual(called['structuredContent'], { ok: 1 })
    const read = (await inspect('--method', 'resources/read', '--uri', 'hub://integrations/probe')) as { contents: { text: string }[] }
    assert.equal((JSON.parse(read.contents[0]!.text) as { name: string }).name, 'probe')
  })
})
