import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { loadConfig, type Environment } from '#config'
import type { RestApp } from '#transports/rest'
import type { Hub } from '#hub'
import { composeHub } from '#serve'
import { atEnd, freshDatabase } from './database.ts'

export const adminToken = 'test-administrator-token'
const secretKeys = `test:${Buffer.alloc(32, 7).toString('base64')}`

export interface Caller {
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, body?: unknown): Promise<LightMyRequestResponse>
}

/** `call` sends a request as the first administrator. */
export interface TestHub extends AsyncDisposable, Caller {
  readonly hub: Hub
  readonly rest: RestApp
  readonly dataDir: string
  /** Starts to listen and returns the URL, for requests that `inject()` cannot send. The first caller may name the port. */
  address(port?: number): Promise<string>
  /** Sends requests with another token, or with more headers. */
  with(options: CallOptions): Caller
}

export interface CallOptions {
  readonly token?: string | null
  readonly headers?: Record<string, string>
  /** The client's address. */
  readonly from?: string
}

/** A complete hub in this process, on its own database unless DATABASE_URL is given. `inject()` sends its requests. */
export async function testHub(env: Environment = {}): Promise<TestHub> {
  await using stack = new AsyncDisposableStack()
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-test-'))
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const url = env['DATABASE_URL'] ?? stack.use(await freshDatabase()).url
  const { config } = loadConfig(
    {
      DATABASE_URL: url,
      HUB_DATA_DIR: dataDir,
      HUB_ADMIN_TOKEN: adminToken,
      HUB_SECRET_KEYS: secretKeys,
      LOG_LEVEL: 'silent',
      ...env,
    },
    dataDir,
  )
  const { hub, rest } = stack.use(await composeHub(config, 'serve'))
  let listening: Promise<string> | undefined
  const caller = ({ token = adminToken, headers = {}, from = '127.0.0.1' }: CallOptions): Caller => ({
    call: (method, url, body) => {
      const request: InjectOptions = {
        method,
        url,
        remoteAddress: from,
        headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
      }
      return rest.inject(body === undefined ? request : { ...request, payload: body as object })
    },
  })
  const owned = stack.move()
  return {
    hub,
    rest,
    dataDir,
    address: (port = 0) => (listening ??= rest.listen({ host: '127.0.0.1', port })),
    ...caller({}),
    with: caller,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

let shared: Promise<TestHub> | undefined

/** One hub for all tests of the process that only add rows of their own and change no settings. */
export function sharedHub(): Promise<TestHub> {
  if (!shared) {
    const made = testHub()
    shared = made
    atEnd(async () => (await made)[Symbol.asyncDispose]())
  }
  return shared
}

/** The database of the shared hub, for another hub with other settings. */
export async function sharedDatabaseUrl(): Promise<string> {
  return (await sharedHub()).hub.config.DATABASE_URL!
}

export interface HubProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly url: string
  readonly output: () => string
  readonly exited: Promise<number | null>
}

/** Starts `src/main.ts` as its own process with exactly this environment, and collects what it prints. */
export function runHub(
  args: readonly string[],
  env: Environment,
): { child: ChildProcess; output: () => string; exited: Promise<number | null> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stdin.end()
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, output: () => output, exited }
}

const stopTimeoutMs = 60_000

/** Starts a hub process on a free port. It is ready when this resolves. */
export async function serveProcess(env: Environment): Promise<HubProcess> {
  const { child, output, exited } = runHub(['serve'], { HUB_PORT: '0', ...env })
  const url = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const found = /"url":"([^"]+)".*the hub is ready/.exec(output())
      if (!found) return
      child.stderr!.off('data', look)
      resolve(found[1]!)
    }
    child.stderr!.on('data', look)
    void exited.then((code) => reject(new Error(`the hub ended with ${code} before it was ready:\n${output()}`)))
  })
  return {
    child,
    url,
    output,
    exited,
    [Symbol.asyncDispose]: async () => {
      let late = false
      child.kill('SIGTERM')
      const timer = setTimeout(() => {
        late = true
        child.kill('SIGKILL')
      }, stopTimeoutMs)
      await exited
      clearTimeout(timer)
      if (late) throw new Error(`the hub did not stop within ${stopTimeoutMs / 1000} s:\n${output()}`)
    },
  }
}
