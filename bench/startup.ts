import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { sleep } from '#lib/clock'
import type { Bench } from './run.ts'
import { freePort, home, memoryOfTree, startServer, type Running } from './support/processes.ts'

const aims = { existingMs: 2000, freshMs: 4000, megabytes: 250, share: 0.6 }
const freshStarts = 5
const existingStarts = 9
const idleMs = 10_000
const rounds = 5
const secondsEach = 3
const connections = 50

const token = 'bench-administrator-token'
/** The first that does not answer 404 stands for an authenticated read of a list. */
const authenticatedPaths = ['/api/v1/integrations', '/api/v1/tokens']

export const bench: Bench = {
  describe: 'how fast the hub starts, how much memory it takes, how fast it answers beside bare fastify',
  async run() {
    const base = mkdtempSync(join(tmpdir(), 'hub-bench-'))
    try {
      await starts(base)
      await memory(base)
      await requests(base)
    } finally {
      rmSync(base, { recursive: true, force: true })
    }
  },
}

async function serve(dataDir: string, how: 'bin/hub serve' | 'npm start' = 'bin/hub serve'): Promise<Running> {
  const port = await freePort()
  const env = { HUB_DATA_DIR: dataDir, HUB_PORT: String(port), HUB_ADMIN_TOKEN: token, LOG_LEVEL: 'info' }
  const options = { env, port, ask: '/readyz' }
  return how === 'npm start' ? startServer('npm', ['start'], options) : startServer(join(home, 'bin/hub'), ['serve'], options)
}

async function starts(base: string): Promise<void> {
  const time = async (dataDir: string): Promise<number> => {
    await using hub = await serve(dataDir)
    return hub.readyMs
  }
  // The very first start after an install also fills Node's compile cache; it is shown, and left out of the median.
  const first = await time(join(base, 'first'))
  const fresh: number[] = []
  for (let i = 0; i < freshStarts; i++) fresh.push(await time(join(base, `fresh-${i}`)))
  const existing: number[] = []
  for (let i = 0; i < existingStarts; i++) existing.push(await time(join(base, 'first')))
  console.log(`ready (spawn to the first 200 of /readyz), fresh data folder:    ${spread(fresh)}   aim ${aims.freshMs} ms`)
  console.log(`ready (spawn to the first 200 of /readyz), existing data folder: ${spread(existing)}   aim ${aims.existingMs} ms`)
  console.log(`the first of all starts in this run: ${first.toFixed(0)} ms`)
}

async function memory(base: string): Promise<void> {
  if (process.platform !== 'linux') {
    console.log('memory: not measured, it is read from /proc')
    return
  }
  for (const how of ['bin/hub serve', 'npm start'] as const) {
    await using hub = await serve(join(base, 'first'), how)
    await sleep(idleMs)
    const shares = memoryOfTree(hub.child.pid!)
    const byName = Object.entries(Object.groupBy(shares, ({ name }) => name)).map(([name, some = []]) => ({
      name,
      processes: some.length,
      bytes: some.reduce((sum, { bytes }) => sum + bytes, 0),
    }))
    const total = byName.reduce((sum, { bytes }) => sum + bytes, 0)
    const parts = byName.map(({ name, processes, bytes }) => `${name} ${megabytes(bytes)}${processes > 1 ? ` in ${processes}` : ''}`)
    console.log(
      `memory at idle, PSS of the whole tree under \`${how}\`: ${megabytes(total)} (${parts.join(', ')})   aim ${aims.megabytes} MB`,
    )
  }
}

async function requests(base: string): Promise<void> {
  await using hub = await serve(join(base, 'first'))
  const barePort = await freePort()
  const bareFile = join(import.meta.dirname, 'support/bare.ts')
  await using bare = await startServer(process.execPath, [bareFile, String(barePort)], { env: {}, port: barePort, ask: '/api/v1/health' })
  const path = await firstThere(hub.url)
  const headers = { authorization: `Bearer ${token}` }
  const targets = {
    'bare fastify': { url: `${bare.url}/api/v1/health` },
    'GET /api/v1/health': { url: `${hub.url}/api/v1/health` },
    [`GET ${path}, with a token`]: { url: `${hub.url}${path}`, headers },
  }
  const names = Object.keys(targets)
  const rates = new Map<string, number[]>(names.map((name) => [name, []]))
  const late = new Map<string, number[]>(names.map((name) => [name, []]))
  // One after the other in every round, so that what else the machine does falls on all alike. Round 0 only warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, target] of Object.entries(targets)) {
      const result = await autocannon({ ...target, connections, duration: round === 0 ? 2 : secondsEach })
      if (result.non2xx > 0 || result.errors > 0) throw new Error(`${name}: ${result.non2xx} refused, ${result.errors} errors`)
      if (round === 0) continue
      rates.get(name)!.push(result.requests.average)
      late.get(name)!.push(result.latency.p99)
    }
  }
  const floor = median(rates.get('bare fastify')!)
  console.log(`requests a second (${connections} connections, median of ${rounds} rounds of ${secondsEach} s):`)
  for (const name of names) {
    const rate = median(rates.get(name)!)
    const share = name === 'bare fastify' ? '' : `   ${((rate / floor) * 100).toFixed(0)} % of bare fastify, aim ${aims.share * 100} %`
    console.log(`  ${name.padEnd(42)} ${rate.toFixed(0).padStart(7)}/s   p99 ${median(late.get(name)!)} ms${share}`)
  }
}

async function firstThere(url: string): Promise<string> {
  for (const path of authenticatedPaths) {
    const { status } = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    if (status === 200) return path
    console.log(`${path} answers ${status}; trying another`)
  }
  throw new Error('no authenticated path answers')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function spread(values: readonly number[]): string {
  return `median ${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}, ${values.length} starts)`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
