import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { operations, type Operation } from '#operations'
import { adminToken, servedHub } from '#test'
import { generated } from '../../client/generate.ts'
import { createHub } from '../../client/src/index.ts'
import { temporaryFolder } from '../e2e/command.ts'

const run = promisify(execFile)
const home = join(import.meta.dirname, '../..')
const client = join(home, 'client')

test('what the client knows of the operations is what the hub offers', async () => {
  for (const [file, make] of Object.entries(generated))
    assert.equal(readFileSync(join(client, file), 'utf8'), await make(), `client/${file} is not what \`node client/generate.ts\` writes`)
  const hub = createHub({ url: 'http://127.0.0.1:9', token: 'x' }) as unknown as Record<string, Record<string, unknown>>
  for (const { name, http } of Object.values<Operation>(operations)) {
    const [subject = '', verb = ''] = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()).split('.')
    assert.equal(typeof hub[subject]?.[verb], http.length > 0 ? 'function' : 'undefined', name)
  }
})

test('the package is compiled by the pinned compiler, and plain JavaScript and strict TypeScript use it', async () => {
  const { address } = await servedHub()
  using folder = temporaryFolder()
  const installed = join(folder.path, 'node_modules/@integration-hub/client')
  mkdirSync(installed, { recursive: true })
  const tsc = join(home, 'node_modules/.bin/tsc')
  await run(tsc, ['-p', client, '--outDir', join(installed, 'dist')])
  cpSync(join(client, 'package.json'), join(installed, 'package.json'))
  const manifest = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8')) as { version: string; dependencies?: object }
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }
  assert.deepEqual([manifest.version, manifest.dependencies], [version, undefined])

  writeFileSync(
    join(folder.path, 'use.mjs'),
    `import { createHub, HubError } from '@integration-hub/client'
const hub = createHub({ url: process.argv[2], token: process.argv[3] })
const { output } = await hub.tools.call({ name: 'probe_get_thing', input: {} })
const error = await hub.runs.get({ id: 'run_1' }).catch((error) => error)
console.log(JSON.stringify([output, error instanceof HubError, error.code, process.versions.node.split('.')[0]]))`,
  )
  // The Node of the machine, where there is one, is older than that of the hub.
  const nodes = [process.execPath, ...(await olderNode())]
  for (const node of nodes) {
    const { stdout } = await run(node, [join(folder.path, 'use.mjs'), address, adminToken])
    assert.deepEqual((JSON.parse(stdout) as unknown[]).slice(0, 3), [{ ok: 1 }, true, 'not_found'], node)
  }

  const program = (line: string): string => `import { createHub } from '@integration-hub/client'
const hub = createHub({ url: 'http://localhost:3000', token: 'ih_1' })
${line}\n`
  const check = async (line: string): Promise<string> => {
    writeFileSync(join(folder.path, 'use.mts'), program(line))
    const args = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom', '--types', '', 'use.mts']
    return run(tsc, args, { cwd: folder.path }).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    )
  }
  assert.equal(
    await check("const { items } = await hub.runs.list({ status: 'failed' })\nexport const ids: string[] = items.map(({ id }) => id)"),
    '',
  )
  assert.match(await check("await hub.runs.list({ status: 'lost' })"), /not assignable/)
  assert.match(await check("export const n: number = (await hub.runs.get({ id: 'a' })).id"), /not assignable/)
})

async function olderNode(): Promise<string[]> {
  const path = '/usr/bin/node'
  const major = await run(path, ['-p', 'process.versions.node']).then(
    ({ stdout }) => Number(stdout.split('.')[0]),
    () => 0,
  )
  return major >= 20 ? [path] : []
}
