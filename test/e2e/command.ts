import assert from 'node:assert/strict'
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '#config'
import { atEnd } from '../support/database.ts'

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Both outputs, in the order in which they were printed. */
  readonly said: string
}

/** A command takes a second. One that hangs is killed, so that its test fails with what it printed. */
const limits = { timeout: 120_000, killSignal: 'SIGKILL' } as const
const main = join(import.meta.dirname, '../../src/main.ts')

const idle: ChildProcess[] = []
atEnd(async () => {
  for (const worker of idle) worker.disconnect()
})

/** Runs a command of the hub with exactly this environment, in a process that runs further commands later. */
export async function hub(args: readonly string[], env: Environment, input = ''): Promise<Ran> {
  const worker = idle.pop() ?? fork(join(import.meta.dirname, 'command-worker.ts'), { execArgv: [] })
  const timer = setTimeout(() => worker.kill('SIGKILL'), limits.timeout)
  const ran = await new Promise<Ran>((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`hub ${args.join(' ')}: the process ended with ${code}`))
    worker.once('exit', onExit)
    worker.once('message', (message) => {
      worker.off('exit', onExit)
      resolve(message as Ran)
    })
    worker.send({ args, env: { PATH: process.env['PATH'], ...env }, input })
  })
  clearTimeout(timer)
  idle.push(worker)
  return ran
}

/** Runs a command of the hub as a process of its own, with exactly this environment. */
export function hubProcess(args: readonly string[], env: Environment, input = ''): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], ...env }, cwd: tmpdir(), ...limits })
  let [out, err, said] = ['', '', '']
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    said += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
    said += chunk.toString()
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out, err, said }))
  })
}

/** Runs a command whose output is closed before it prints anything. */
export function hubUnread(args: readonly string[], env: Environment): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], ...env }, cwd: tmpdir(), ...limits })
  child.stdout.destroy()
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out: '', err, said: err }))
  })
}

/** Runs a command that must succeed and returns the JSON that it prints. */
export async function hubJson<T>(args: readonly string[], env: Environment, input = ''): Promise<T> {
  const ran = await hub([...args, '--json'], env, input)
  assert.equal(ran.code, 0, `hub ${args.join(' ')} ended with ${ran.code}:\n${ran.said}`)
  return JSON.parse(ran.out) as T
}

export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hub-e2e-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Users must not see stack traces. */
export function assertNoStack({ said }: Ran): void {
  assert.doesNotMatch(said, /^\s+at .*[:(]\d+/m)
  assert.doesNotMatch(said, /node:internal|\.ts:\d+/)
}
