import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '#test/faults'

const pool = join(import.meta.dirname, 'pool.ts')
/** Busy for longer than anybody waits: only a watch can end it once its parent is gone. */
const hub = `
const { createPool } = await import(${JSON.stringify(pool)})
const payload = JSON.stringify({ input: { text: 'a'.repeat(60) + '!' }, bindings: {} })
void createPool(1).run('wsp_1', { kind: 'expression', text: '$match(text, /^(a+)+$/)', payload, timeoutMs: 600000, maxOutputBytes: 100 })
`

test('a worker that is busy does not outlive a hub that was killed', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', hub], { stdio: 'ignore' })
  try {
    const worker = await until('the worker is there', () => childrenOf(parent.pid!)[0])
    await until('it is busy', () => secondsOf(worker) >= 1)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await until('the worker is gone', () => !isAlive(worker))
  } finally {
    parent.kill('SIGKILL')
  }
})

test('a worker ends with a hub that ends in peace', async () => {
  const peaceful = hub.replace('void', 'await').replace('$match(text, /^(a+)+$/)', '$sum([1..3])')
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', peaceful], { stdio: 'ignore' })
  // An idle worker keeps nobody alive, not even until it is sent home.
  await until('the hub has ended', () => parent.exitCode !== null, 15_000)
  assert.equal(parent.exitCode, 0)
})

function childrenOf(pid: number): number[] {
  return listed('-o', 'pid=,ppid=', '-A')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child!)
}

/** Seconds of processor time, from `[[dd-]hh:]mm:ss`. */
function secondsOf(pid: number): number {
  const [time = '0'] = listed('-o', 'time=', '-p', String(pid))
  return time
    .trim()
    .split(/[-:]/)
    .reduce((total, part) => total * 60 + Number(part), 0)
}

function isAlive(pid: number): boolean {
  return listed('-o', 'stat=', '-p', String(pid)).some((state) => !state.startsWith('Z'))
}

function listed(...args: string[]): string[] {
  try {
    return execFileSync('ps', args, { encoding: 'utf8' }).split('\n').filter(Boolean)
  } catch {
    // None that fits.
    return []
  }
}
