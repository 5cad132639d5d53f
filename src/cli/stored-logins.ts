import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Config } from '#config'
import { hubError } from '#errors'

const fileSchema = z.object({
  /** The hub that commands act on where none is named. */
  default: z.string().optional(),
  hubs: z.record(z.string(), z.object({ token: z.string(), expires_at: z.string().optional() })),
})

/** The hubs that `hub login` got a token of. */
export type StoredLogins = z.output<typeof fileSchema>

function fileOf({ others }: Pick<Config, 'others'>): { readonly folder: string; readonly path: string } {
  const folder = join(others['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'integration-hub')
  return { folder, path: join(folder, 'credentials.json') }
}

export function readLogins(config: Pick<Config, 'others'>): StoredLogins {
  const { path } = fileOf(config)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { hubs: {} }
    throw error
  }
  const parsed = fileSchema.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  throw hubError('invalid_input', { detail: `${path} is damaged`, hint: 'delete it, then run `hub login` again' })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Only its owner can read the file, from the moment on at which it exists. */
export function writeLogins(config: Pick<Config, 'others'>, logins: StoredLogins): string {
  const { folder, path } = fileOf(config)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  rmSync(`${path}.new`, { force: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
  return path
}

/** One spelling for each hub. */
export function hubUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw hubError('invalid_input', { detail: 'the address of a hub is a URL such as https://hub.example.com' })
  const { origin, pathname, username, password } = new URL(text)
  if (username !== '' || password !== '') throw hubError('invalid_input', { detail: 'the address of a hub contains no password' })
  return (origin + pathname).replace(/\/+$/, '')
}
