import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, 'ready')

/** The definitions that come with the hub, as they are written. */
export function readReadyFlows(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
}
