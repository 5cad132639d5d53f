import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { adminToken, servedHub, trpcClient } from '#test'
import { temporaryFolder } from './command.ts'

const run = promisify(execFile)
const home = join(import.meta.dirname, '../..')
const page = readFileSync(join(home, 'docs/trpc.md'), 'utf8')

test('the program of the page about tRPC compiles, runs against a hub, and prints what it should', async () => {
  const { address } = await servedHub()
  await trpcClient(address).flows.save.mutate({ source: 'id: greet\nsteps: [{id: hello, transform: "\'hello\'"}]' })
  using folder = temporaryFolder()
  const modules = join(folder.path, 'node_modules')
  const client = join(modules, '@integration-hub/client')
  mkdirSync(client, { recursive: true })
  const tsc = join(home, 'node_modules/.bin/tsc')
  await run(tsc, ['-p', join(home, 'client'), '--outDir', join(client, 'dist')])
  cpSync(join(home, 'client/package.json'), join(client, 'package.json'))
  for (const name of ['@trpc', '@types', 'undici']) symlinkSync(join(home, 'node_modules', name), join(modules, name))

  const blocks = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block]) => block!)
  assert.equal(blocks.length, 4)
  const program = blocks.join('\n').replaceAll('http://127.0.0.1:3000', address)
  writeFileSync(join(folder.path, 'page.mts'), program)
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', 'page.mts']
  const compiled = await run(tsc, options, { cwd: folder.path }).catch((error: { stdout: string }) => error)
  assert.equal(compiled.stdout, '')

  const { stdout } = await run(process.execPath, ['page.mts'], { cwd: folder.path, env: { ...process.env, HUB_TOKEN: adminToken } })
  const lines = stdout.trim().split('\n')
  assert.match(lines[0]!, /^\d+ flows, and a run of one$/)
  assert.equal(lines[1], 'one request, 2 answers')
  assert.match(lines[2]!, /^not_found 404 req_/)
  assert.equal(lines.at(-1), 'run completed')
})
