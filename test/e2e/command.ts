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
  /** Both, in the order in which they came. */
  readonly said: string
}

const main = join(import.meta.dirname, '../../src/main.ts')

/** Runs one command line of the hub as its own process, with exactly this environment. */
export function hub(args: readonly string[], env: Environment, input = ''): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], ...env }, cwd: tmpdir() })
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

/** For a reader that goes away before anything is printed. */
export function hubUnread(args: readonly string[], env: Environment): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], ...env }, cwd: tmpdir() })
  child.stdout.destroy()
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out: '', err, said: err }))
  })
}

/** For a command that must succeed and prints JSON. */
export async function hubJson<T>(args: readonly string[], env: Environment, input = ''): Promise<T> {
  const ran = await hub([...args, '--json'], env, input)
  assert.equal(ran.code, 0, `hub ${args.join(' ')} ended with ${ran.code}:\n${ran.said}`)
  return JSON.parse(ran.out) as T
}

export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hub-e2e-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** No person should ever be shown where in the code it went wrong. */
export function assertNoStack({ said }: Ran): void {
  assert.doesNotMatch(said, /^\s+at .*[:(]\d+/m)
  assert.doesNotMatch(said, /node:internal|\.ts:\d+/)
}
