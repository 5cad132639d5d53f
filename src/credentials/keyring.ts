import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hubError } from '#errors'
import type { SealKey } from '#lib/seal'

/**
 * The keys that seal credentials. They come from HUB_SECRET_KEYS or, with an embedded database, from a file in the data folder. The first
 * key seals; every key can open.
 */
export interface Keyring {
  readonly source: 'environment' | 'file'
  current(): SealKey
  all(): readonly SealKey[]
  /** Reads the key file again if it changed, because `hub keys rotate` adds keys while the hub runs. Returns whether the keys changed. */
  refresh(): boolean
  /** Adds a new first key to the hub's own key file. The caller must hold the rotation lock, or two processes overwrite each other's key. */
  addKey(): SealKey
}

export function createKeyring(options: { keys: readonly SealKey[] | undefined; dataDir: string }): Keyring {
  const given = options.keys
  if (given && given.length > 0) {
    return {
      source: 'environment',
      current: () => given[0]!,
      all: () => given,
      refresh: () => false,
      addKey: () => {
        throw hubError('in_use', {
          detail: 'the keys come from HUB_SECRET_KEYS',
          hint: 'put a key from `hub keys new` first in HUB_SECRET_KEYS, restart every process, then run `hub keys rotate`',
        })
      },
    }
  }
  return fileKeyring(join(options.dataDir, 'secret-keys'))
}

export function newKey(): SealKey {
  return { id: `k${Date.now().toString(36)}${randomBytes(2).toString('hex')}`, key: randomBytes(32) }
}

export function formatKey({ id, key }: SealKey): string {
  return `${id}:${key.toString('base64')}`
}

function fileKeyring(path: string): Keyring {
  if (!existsSync(path)) createOnce(path, [newKey()])
  let stamp = changed(path)
  let keys = readKeys(path)
  const refresh = (): boolean => {
    const now = changed(path)
    if (now === stamp) return false
    keys = readKeys(path)
    stamp = now
    return true
  }
  return {
    source: 'file',
    current: () => keys[0]!,
    all: () => keys,
    refresh,
    addKey: () => {
      refresh()
      const more = [newKey(), ...keys]
      const partial = `${path}.${process.pid}`
      write(partial, more)
      renameSync(partial, path)
      syncFolder(path)
      keys = more
      stamp = changed(path)
      return keys[0]!
    },
  }
}

/** Creates the file completely or not at all, and only the first of two processes succeeds: it is written under another name, then linked. */
export function createOnce(path: string, keys: readonly SealKey[]): void {
  const partial = `${path}.${process.pid}`
  write(partial, keys)
  try {
    linkSync(partial, path)
    syncFolder(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(partial, { force: true })
  }
}

function write(path: string, keys: readonly SealKey[]): void {
  writeFileSync(path, `${keys.map(formatKey).join('\n')}\n`, { mode: 0o600, flush: true })
}

/** Writes the folder to disk too, so that after a power failure no sealed value exists without its key. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function changed(path: string): string {
  const { ino, mtimeMs, size } = statSync(path)
  return `${ino} ${mtimeMs} ${size}`
}

function readKeys(path: string): SealKey[] {
  const keys = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [id = '', encoded = ''] = line.trim().split(':')
      return { id, key: Buffer.from(encoded, 'base64') }
    })
  const ids = new Set(keys.map(({ id }) => id))
  if (keys.length === 0 || ids.size < keys.length || keys.some(({ id, key }) => id === '' || key.length !== 32)) {
    throw hubError('internal', {
      detail: `the key file ${basename(path)} in the data folder is damaged`,
      hint: 'restore it from your own copy: only its keys can open the stored secrets',
    })
  }
  return keys
}
