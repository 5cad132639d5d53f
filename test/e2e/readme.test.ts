import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep } from '#lib/clock'
import { freshDatabase } from '#test'
import { temporaryFolder } from './command.ts'

const home = join(import.meta.dirname, '../..')
const readme = readFileSync(join(home, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, script]) => script!)
const [start, first, demo, commands, agent, hook, flow, tests, grown, ...more] = blocks

test('the README says how to start and how to test, and CI runs the same test command', () => {
  assert.equal(start, 'npm ci && npm start\n')
  assert.equal(tests, 'npm ci && npm test\n')
  assert.deepEqual(more, [], 'a new block needs to be run here')
  // Run whole by its own test.
  assert.equal(demo, 'npm run demo\n')
  assert.match(readFileSync(join(home, '.ci/run'), 'utf8'), /^tests test npm test$/m)
  const paragraph = readme.slice(readme.indexOf('\n\n') + 2, readme.indexOf('\n## Start'))
  assert.ok(paragraph.trim().split('\n').length <= 10, 'what it is, in ten lines')
})

test('what the README says to type works as it stands, and stopping npm stops the hub', async (t) => {
  using folder = temporaryFolder()
  await using database = await freshDatabase()
  checkOut(folder.path)
  const [port, otherPort] = [await freePort(), await freePort()]
  writeFileSync(join(folder.path, '.env'), `HUB_PORT=${port}\n`)
  const here = (script: string): string => script.replaceAll(':3000', `:${port}`)

  // All but `npm ci`: the packages are those that run this test.
  const hub = serve(start!.replace('npm ci && ', ''), folder.path)
  // A hub that outlives a failed check would keep this process from ending.
  t.after(() => hub.child.kill())
  await ready(hub, port)
  const curled = run(here(first!), folder.path)
  assert.match(curled, /"status":"ready"/)
  assert.match(curled, /"name":"first administrator"/)
  assert.match(curled, /"invocation_id":"inv_[^"]+","status":"completed"/)
  const said = run(here(commands!), folder.path)
  assert.match(said, /ok {3}database: PostgreSQL 18/)
  assert.doesNotMatch(said, /BAD/)
  assert.match(said, /^ih_[A-Za-z0-9]{46}$/m)
  assert.match(said, /stored github-pat, version 1/)
  assert.match(said, /github_create_issue +write/)
  assert.match(said, /"url": "https:\/\/api\.github\.com\/repos\/octocat\/hello-world\/issues"/)
  assert.match(said, /rows of \d+ tables written to monday\.hub/)
  assert.match(said, /^HUB_PORT +\d+ +\.env$/m)
  const agented = run(here(agent!), folder.path)
  assert.match(agented, /github_list_check_runs/)
  assert.match(agented, /^\{"result":\{"tools":\[.*"name":"github_.*"id":2\}$/m)
  const hooked = run(here(hook!), folder.path)
  assert.match(hooked, /"status":"accepted"/)
  assert.match(hooked, /^\S+Z {2}evt_\S+ {2}github\.star /m)
  assert.match(run(flow!, folder.path), /Hello Ada, \d+ systems are connected/)
  await stop(hub)
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`), 'the hub outlived npm')

  writeFileSync(join(folder.path, '.env'), `HUB_PORT=${otherPort}\n`)
  const url = /DATABASE_URL=(\S+)/.exec(grown!)![1]!
  const external = serve(grown!.replace(url, `'${database.url}'`).replace('HUB_ROLE=all bin', 'HUB_ROLE=all exec bin'), folder.path)
  t.after(() => external.child.kill())
  await ready(external, otherPort)
  await stop(external)
})

/** A folder that is the repository by links, with data and settings of its own. */
function checkOut(folder: string): void {
  for (const name of readdirSync(home)) {
    if (!['data', '.env', '.git'].includes(name)) symlinkSync(join(home, name), join(folder, name))
  }
}

function environment(): Record<string, string | undefined> {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'] }
}

function run(script: string, cwd: string): string {
  return execFileSync('sh', ['-e', '-c', script], { cwd, env: environment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

interface Served {
  readonly child: ChildProcess
  readonly said: () => string
}

function serve(script: string, cwd: string): Served {
  const child = spawn('sh', ['-e', '-c', script.startsWith('npm') ? `exec ${script}` : script], { cwd, env: environment(), stdio: 'pipe' })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return { child, said: () => said }
}

async function ready({ child, said }: Served, port: number): Promise<void> {
  for (;;) {
    assert.equal(child.exitCode, null, said())
    const reply = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    if (reply?.status === 200) return
    await sleep(20)
  }
}

async function stop({ child }: Served): Promise<void> {
  child.kill('SIGTERM')
  await once(child, 'close')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
