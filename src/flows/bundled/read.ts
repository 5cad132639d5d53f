import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const folder = import.meta.dirname

export interface BundledSource {
  /** The id of the flow, which is also the name of its file. */
  readonly name: string
  readonly source: string
}

/** The definitions that are shipped with the hub, as YAML texts. */
export function readBundledFlows(): BundledSource[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .map((file) => ({ name: basename(file, '.yaml'), source: readFileSync(join(folder, file), 'utf8') }))
}
