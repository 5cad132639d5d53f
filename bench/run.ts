import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'

/**
 * `npm run bench [name …]`: each file beside this one is a bench, named as it is called; without a name all run, one after the other. A
 * bench prints figures and aims and never fails for being slow: figures are not part of the tests' verdict.
 */
export interface Bench {
  readonly describe: string
  run(): Promise<void>
}

const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3))

const { positionals } = parseArgs({ allowPositionals: true })
const unknown = positionals.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}; there are: ${known.join(', ')}`)
  process.exitCode = 2
} else {
  for (const name of positionals.length > 0 ? positionals : known) {
    const { bench } = (await import(`./${name}.ts`)) as { bench: Bench }
    console.log(`\n${name}: ${bench.describe}\n`)
    await bench.run()
  }
}
