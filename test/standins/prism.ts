import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, until } from '../faults/index.ts'

/** Official descriptions lie beside the repository and not in it. */
export function contract(file: string): string | undefined {
  const path = join(import.meta.dirname, '../../../shared/contracts', file)
  return existsSync(path) ? path : undefined
}

export interface Prism extends AsyncDisposable {
  readonly url: string
}

/** A server made of an official description: it refuses requests that do not fit it, and answers with its own examples. */
export async function prismMock(file: string): Promise<Prism> {
  const port = await freePort()
  const command = join(import.meta.dirname, '../../node_modules/.bin/prism')
  const child = spawn(command, ['mock', file, '--port', String(port), '--host', '127.0.0.1', '--errors', '--verboseLevel', 'error'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const url = `http://127.0.0.1:${port}`
  await until(
    'Prism answers',
    async () => {
      if (child.exitCode !== null) throw new Error(`Prism ended: ${said}`)
      return fetch(url).then(
        () => true,
        () => false,
      )
    },
    60_000,
  )
  return {
    url,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}
