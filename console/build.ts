import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { sourceDigest } from './source-digest.ts'

/** Builds the console, with `--if-needed` only when it is missing or older than its sources. */
async function build(ifNeeded: boolean): Promise<void> {
  if (ifNeeded && (await builtFrom()) === (await sourceDigest())) return
  const vite = await import('vite').catch(() => undefined)
  if (!vite) {
    console.error(
      'The console is not built, and vite, which builds it, is not installed: npm ci installs it. The hub runs without the console.',
    )
    return
  }
  const began = performance.now()
  console.error('Building the console …')
  await vite.build({ configFile: new URL('vite.config.ts', import.meta.url).pathname, logLevel: ifNeeded ? 'warn' : 'info' })
  const { first_script_bytes: script, style_bytes: style } = (await buildInfo())!
  console.error(
    `Built in ${((performance.now() - began) / 1000).toFixed(1)} s: ${kilobytes(script)} of script on the first page, ${kilobytes(style)} of style.`,
  )
}

interface BuildInfo {
  readonly sources: string
  readonly first_script_bytes: number
  readonly style_bytes: number
}

async function buildInfo(): Promise<BuildInfo | undefined> {
  const text = await readFile(new URL('dist/build.json', import.meta.url), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as BuildInfo)
}

async function builtFrom(): Promise<string | undefined> {
  return (await buildInfo())?.sources
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} KB`

const { values } = parseArgs({ options: { 'if-needed': { type: 'boolean', default: false } } })
await build(values['if-needed'])
