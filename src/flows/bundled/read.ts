import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname

/** The definitions that are shipped with the hub, as YAML texts. */
export function readBundledFlows(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
}
