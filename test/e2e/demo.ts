import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'

const home = join(import.meta.dirname, '../..')

export interface RunningDemo {
  readonly child: ChildProcess
  readonly said: () => string
  readonly dataDir: () => string
  readonly ended: Promise<number | null>
}

export function runDemo(args: readonly string[]): RunningDemo {
  const child = spawn(process.execPath, ['demo/index.ts', ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, said: () => said, dataDir: () => /HUB_DATA_DIR=(\S+)/.exec(said)![1]! }
}
