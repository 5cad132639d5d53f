import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { adminToken, servedHub } from '#test'
import { createHub } from '../../client/src/index.ts'
import { npmClients } from './install.ts'
import { startModels } from './models.ts'

const run = promisify(execFile)
const home = join(import.meta.dirname, '../..')
const examples = join(home, 'client/examples')
const tsc = join(home, 'node_modules/.bin/tsc')
const slow = { timeout: 300_000 }

suite('agents of the SDKs of model vendors', () => {
  let folder = ''
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hub-agents-'))
    const installed = join(await npmClients(), 'node_modules')
    mkdirSync(join(folder, 'node_modules/@integration-hub'), { recursive: true })
    for (const name of ['openai', '@openai', '@anthropic-ai', 'ai', '@ai-sdk'])
      symlinkSync(join(installed, name), join(folder, 'node_modules', name))
    const client = join(folder, 'node_modules/@integration-hub/client')
    await run(tsc, ['-p', join(home, 'client'), '--outDir', join(client, 'dist')])
    cpSync(join(home, 'client/package.json'), join(client, 'package.json'))
    cpSync(examples, folder, { recursive: true })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const start = (file: string, task: string, env: Record<string, string>): Promise<{ stdout: string; stderr: string; code: number }> => {
    const all = { PATH: process.env['PATH']!, HUB_TOKEN: adminToken, HUB_TOOLSET: 'probe', OPENAI_AGENTS_DISABLE_TRACING: '1', ...env }
    return run(process.execPath, [file, task], { cwd: folder, env: all, timeout: 60_000 }).then(
      (done) => ({ ...done, code: 0 }),
      (failed: { stdout: string; stderr: string; code: number }) => failed,
    )
  }

  for (const name of ['openai', 'anthropic', 'vercel', 'openai-agents']) {
    test(`${name}.mjs calls a tool, gives the model its mistake and then its result, and prints the answer`, slow, async () => {
      const { address, outside } = await servedHub()
      const at = `/agent-${name}`
      await using models = await startModels({
        tool: 'probe_create_thing',
        calls: [{ at: 5 }, { at }],
        answer: `The thing is made by ${name}.`,
      })
      const keys = {
        OPENAI_API_KEY: 'model-key',
        OPENAI_BASE_URL: `${models.url}/v1`,
        ANTHROPIC_API_KEY: 'model-key',
        ANTHROPIC_BASE_URL: models.url,
      }
      const { stdout, stderr, code } = await start(`${name}.mjs`, 'Make a thing', { HUB_URL: address, ...keys })
      assert.equal(code, 0, `${stdout}${stderr}`)
      assert.equal(stdout.trim(), `The thing is made by ${name}.`)
      assert.equal(models.results.length, 2)
      assert.match(models.results[0]!, /invalid_input[^]*input\.at/)
      assert.match(models.results[1]!, /"ok": ?1/)
      assert.equal(outside.seen.filter(({ what }) => what === `POST ${at}`).length, 1)

      const refused = await start(`${name}.mjs`, 'Make a thing', { HUB_URL: address, ...keys, HUB_TOKEN: 'ih_wrong' })
      assert.notEqual(refused.code, 0)
      assert.equal(refused.stdout, '')
    })

    test(`${name}.mjs is short enough to be read at once`, () => {
      assert.ok(readFileSync(join(examples, `${name}.mjs`), 'utf8').split('\n').length < 60)
    })
  }

  test('the examples fit the types of the SDKs and of the client', slow, async () => {
    const args = [
      '--noEmit',
      '--allowJs',
      '--checkJs',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2023,dom',
    ]
    const types = ['--types', 'node', '--typeRoots', join(home, 'node_modules/@types')]
    const files = ['openai.mjs', 'anthropic.mjs', 'vercel.mjs', 'openai-agents.mjs']
    const { stdout } = await run(tsc, [...args, ...types, ...files], { cwd: folder }).catch((failed: { stdout: string }) => failed)
    assert.equal(stdout, '')
  })

  test('every definition has the type that the SDK of its API declares', slow, async () => {
    const hub = createHub({ url: (await servedHub()).address, token: adminToken })
    const types = {
      openai: "import('openai').OpenAI.Responses.FunctionTool",
      'openai-chat': "import('openai').OpenAI.Chat.Completions.ChatCompletionFunctionTool",
      anthropic: "import('@anthropic-ai/sdk').Anthropic.Tool",
      vercel: "import('@ai-sdk/provider').LanguageModelV4FunctionTool",
      mcp: "import('@modelcontextprotocol/client').Tool",
    } as const
    const installed = join(await npmClients(), 'node_modules')
    symlinkSync(join(home, 'node_modules/@modelcontextprotocol'), join(folder, 'node_modules/@modelcontextprotocol'))
    const check = async (lines: readonly string[]): Promise<string> => {
      writeFileSync(join(folder, 'definitions.mts'), lines.join('\n'))
      const args = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--lib',
        'es2023,dom',
        '--types',
        '',
      ]
      return run(tsc, [...args, 'definitions.mts'], { cwd: folder, maxBuffer: 50_000_000 }).then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      )
    }
    const lists = await Promise.all(
      Object.entries(types).map(async ([format, type], at) => {
        const definitions = await hub.toolDefinitions(format as keyof typeof types)
        assert.ok(definitions.length > 100)
        return `export const list${at}: ${type}[] = ${JSON.stringify(definitions)}`
      }),
    )
    assert.equal(await check(lists), '')
    assert.match(await check([`export const wrong: ${types.openai}[] = [{ type: 'function', name: 'a' }]`]), /strict|parameters/)
    assert.match(await check([`export const wrong: ${types.anthropic}[] = [{ name: 'a', input_schema: { type: 'string' } }]`]), /object/)

    const { toStrictJsonSchema } = (await import(join(installed, 'openai/lib/transform.mjs'))) as {
      toStrictJsonSchema(schema: object): object
    }
    const strict = (await hub.toolDefinitions('openai')).filter((one) => one.strict)
    assert.ok(strict.length > 80)
    // The SDK’s own rules change nothing of what is strict already.
    for (const { name, parameters } of strict) assert.deepEqual(toStrictJsonSchema(structuredClone(parameters)), parameters, name)
  })
})
