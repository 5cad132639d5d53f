import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of a folder, each with its bytes as a text. */
export function filesOf(folder: string): { readonly what: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ what: `file ${path.slice(folder.length + 1)}`, text: readFileSync(path).toString('latin1') }))
}
