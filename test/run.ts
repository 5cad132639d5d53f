// Runs test files in processes that share one PostgreSQL, and counts their tests together:
//   node test/run.ts [--processes 2] [--timeout 300] [--record] PATTERN…
// --timeout is the limit of one test in seconds. --record stores how long each file took, so that files are divided evenly.
import { fork } from 'node:child_process'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { slowestOf, type Progress } from './support/reporter.ts'
import { startTestServer } from './support/server.ts'

const progressEveryMs = 15_000
/** A process whose tests all kept to their limits ends long before this. */
const processTimeoutMs = 30 * 60_000

const home = join(import.meta.dirname, '..')
const durationsFile = join(import.meta.dirname, 'durations.json')
const { values, positionals: patterns } = parseArgs({
  options: {
    processes: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '300' },
    record: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})

interface Shard {
  readonly files: string[]
  seconds: number
  progress: Progress
}

/** The longest files first, each into the process that has least to do so far. */
function divide(files: readonly string[]): Shard[] {
  const durations = existsSync(durationsFile) ? (JSON.parse(readFileSync(durationsFile, 'utf8')) as Record<string, number>) : {}
  const secondsOf = (file: string): number => durations[file] ?? 0.3
  const shards = Array.from({ length: Number(values.processes) }, (): Shard => {
    return { files: [], seconds: 0, progress: { passed: 0, failed: 0, skipped: 0, running: '', slow: [], files: {}, ended: false } }
  })
  for (const file of files.toSorted((a, b) => secondsOf(b) - secondsOf(a) || a.localeCompare(b))) {
    const shard = shards.toSorted((a, b) => a.seconds - b.seconds)[0]!
    shard.files.push(file)
    shard.seconds += secondsOf(file)
  }
  return shards.filter(({ files: some }) => some.length > 0)
}

/** Resolves to what went wrong beside the tests that failed. */
function run(shard: Shard, testServer: string): Promise<string | undefined> {
  const child = fork(shard.files[0]!, shard.files.slice(1), {
    cwd: home,
    env: { ...process.env, TEST_SERVER: testServer },
    execArgv: [
      '--test',
      '--test-isolation=none',
      `--test-timeout=${Number(values.timeout) * 1000}`,
      `--test-reporter=${join(import.meta.dirname, 'support/reporter.ts')}`,
    ],
    timeout: processTimeoutMs,
    killSignal: 'SIGKILL',
  })
  child.on('message', (progress: Progress) => (shard.progress = progress))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => {
      const { running, ended, failed } = shard.progress
      if (!ended) resolve(`ended with ${signal ?? `status ${code}`} during "${running}"`)
      else resolve(code === 0 || failed > 0 ? undefined : `ended with status ${code} although no test failed`)
    })
  })
}

function record(): void {
  const seconds = shards
    .flatMap(({ progress }) => Object.entries(progress.files))
    .map(([file, ms]) => [file, Math.round(ms / 100) / 10] as const)
  const known = Object.fromEntries(seconds.filter(([, sum]) => sum >= 0.5).toSorted(([a], [b]) => a.localeCompare(b)))
  writeFileSync(durationsFile, `${JSON.stringify(known, null, 2)}\n`)
}

const startedAt = Date.now()
const elapsed = (): string => `${Math.round((Date.now() - startedAt) / 1000)} s`
const shards = divide(globSync(patterns, { cwd: home }))
const total = (key: 'passed' | 'failed' | 'skipped'): number => shards.reduce((sum, { progress }) => sum + progress[key], 0)
const ticker = setInterval(() => {
  const running = shards.filter(({ progress }) => !progress.ended).map(({ progress }) => `"${progress.running}"`)
  console.log(`after ${elapsed()}: ${total('passed')} passed, ${total('failed')} failed; running ${running.join(' and ')}`)
}, progressEveryMs)
const server = await startTestServer()
const problems = await Promise.all(shards.map((shard) => run(shard, JSON.stringify(server.address))))
clearInterval(ticker)
await server[Symbol.asyncDispose]()

const crashes = problems.filter((problem) => problem !== undefined)
for (const problem of crashes) console.log(`FAILED   a test process ${problem}`)
const slow = shards.flatMap(({ progress }) => progress.slow)
if (values.record) record()
process.stdout.write(slowestOf(slow))
console.log(`in ${elapsed()}, in ${shards.length} processes`)
console.log(`${total('passed')} passed, ${total('failed') + crashes.length} failed, ${total('skipped')} skipped`)
process.exitCode = total('failed') + crashes.length > 0 ? 1 : 0
