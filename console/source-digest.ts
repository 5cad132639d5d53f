import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'

/** What the build is made of, so that a build that is older than its sources is noticed. */
const sources = [
  'src/**/*.{ts,tsx,css}',
  'public/*',
  'index.html',
  '*.ts',
  'package.json',
  '../client/src/generated/trpc.ts',
  '../package-lock.json',
]

export async function sourceDigest(): Promise<string> {
  const files = await Array.fromAsync(glob(sources, { cwd: import.meta.dirname }))
  const digest = createHash('sha256')
  for (const file of files.toSorted()) {
    const path = new URL(file, import.meta.url)
    digest.update(`${file}\0`).update(await readFile(path).catch(() => ''))
  }
  return digest.digest('hex')
}
