import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '#config'

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

/** Runs a command of the hub as a process, with exactly this environment. */
export function hub(args: readonly string[], env: Environment, input = ''): Promise<Ran> {
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
