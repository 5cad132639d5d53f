import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sha256 } from '#lib/canonical'

const run = promisify(execFile)
const here = import.meta.dirname
const cache = join(here, '../../node_modules/.cache')

/** A folder that holds what the files list, installed once for each content of theirs. */
async function installed(name: 'npm' | 'python', files: readonly string[], install: (folder: string) => Promise<unknown>): Promise<string> {
  const key = sha256(files.map((file) => readFileSync(join(here, name, file), 'utf8')).join('\n')).slice(0, 12)
  const folder = join(cache, `${name}-clients-${key}`)
  const done = join(folder, 'installed')
  if (existsSync(done)) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const file of files) copyFileSync(join(here, name, file), join(folder, file))
  await install(folder)
  // An installation that was cut off is begun again.
  copyFileSync(join(folder, files[0]!), `${done}.part`)
  renameSync(`${done}.part`, done)
  return folder
}

/** The folder with the clients from npm. */
export function npmClients(): Promise<string> {
  return installed('npm', ['package.json', 'package-lock.json'], (folder) =>
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder }),
  )
}

/** A Python that has the clients from PyPI, or why there is none. */
export async function pythonClients(): Promise<{ readonly python: string } | { readonly missing: string }> {
  const works = await run('python3', ['-c', 'import ensurepip, sys; assert sys.version_info >= (3, 10)']).then(
    () => true,
    () => false,
  )
  if (!works) return { missing: 'Python 3.10 or newer with venv is missing (Debian: python3-venv)' }
  const folder = await installed('python', ['requirements.txt'], async (path) => {
    await run('python3', ['-m', 'venv', join(path, 'venv')])
    await run(join(path, 'venv/bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', join(path, 'requirements.txt')])
  })
  return { python: join(folder, 'venv/bin/python') }
}
