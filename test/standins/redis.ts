import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from '#test/faults'
import { freePort } from './oauth/free-port.ts'

/** A real Redis, Debian's `redis-server`, which keeps everything in memory. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string
  stop(): Promise<void>
  /** Lets it answer nobody, and go on. */
  pause(): void
  resume(): void
  /** Starts again on the same port, empty. */
  start(): Promise<void>
}

export const missingRedis = (): Promise<string | undefined> =>
  promisify(execFile)('redis-server', ['--version']).then(
    () => undefined,
    () => 'Redis is missing (Debian: redis-server)',
  )

export async function redisServer(): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'redis-test-'))
  let running: { signal(name: NodeJS.Signals): void; end(): Promise<void> } | undefined

  const start = async (): Promise<void> => {
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore' })
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    running = {
      signal: (name) => void child.kill(name),
      async end() {
        child.kill('SIGTERM')
        await exited
      },
    }
    await until('Redis answers', () => answers(port))
  }
  const stop = async (): Promise<void> => {
    await running?.end()
    running = undefined
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    pause: () => running?.signal('SIGSTOP'),
    resume: () => running?.signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
  })
}
