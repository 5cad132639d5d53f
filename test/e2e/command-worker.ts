import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import { run } from '../../src/cli/index.ts'
import type { Ran } from './command.ts'

/**
 * Runs commands one after the other in this process, each with exactly the environment and the input that it is told: what a process of its own
 * does, without loading the hub each time.
 */
interface Command {
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly input: string
}

async function runCommand({ args, env, input }: Command): Promise<Ran> {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.exitCode = undefined
  Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(input)]), configurable: true })
  let [out, err, said] = ['', '', '']
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    out += chunk.toString()
    said += chunk.toString()
    return true
  }
  process.stderr.write = (chunk: string | Uint8Array): boolean => {
    err += chunk.toString()
    said += chunk.toString()
    return true
  }
  const code = await run(args)
  return { code, out, err, said }
}

process.chdir(tmpdir())
process.on('disconnect', () => process.exit())
process.on('message', (command: Command) => void runCommand(command).then((ran) => process.send!(ran)))
