import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { sourceDigest } from './source-digest.ts'

/** What a page loads before it shows something must stay under this, in bytes of Brotli. */
const mostScript = 230_000

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react(), compressed()],
  resolve: { alias: { '#client': fileURLToPath(new URL('../client/src/generated', import.meta.url)) } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    // Fonts and pictures in the style would break its limit, and `font-src 'self'`.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
})

/** Adds a Brotli form of every file and the digest of the sources, and fails when the first page loads too much script. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    // After everything else has changed the files.
    async writeBundle({ dir = '' }, bundle) {
      const sizes = new Map<string, number>()
      for (const name of Object.keys(bundle).filter((file) => /\.(js|css)$/.test(file))) {
        const packed = brotliCompressSync(await readFile(join(dir, name)), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
        await writeFile(join(dir, `${name}.br`), packed)
        sizes.set(name, packed.length)
      }
      const script = sum(firstChunks(bundle), sizes)
      const style = sum(
        [...sizes.keys()].filter((name) => name.endsWith('.css')),
        sizes,
      )
      if (script > mostScript) this.error(`the first page loads ${script} bytes of script; ${mostScript} is the limit`)
      const info = { sources: await sourceDigest(), first_script_bytes: script, style_bytes: style }
      await writeFile(join(dir, 'build.json'), JSON.stringify(info))
    },
  }
}

type Bundle = Parameters<Extract<NonNullable<Plugin['writeBundle']>, (...given: never[]) => unknown>>[1]

/** What a browser loads before a page shows something, without the page itself. */
function firstChunks(bundle: Bundle): string[] {
  const first = new Set<string>()
  const add = (name: string): void => {
    const chunk = bundle[name]
    if (first.has(name) || chunk?.type !== 'chunk') return
    first.add(name)
    chunk.imports.forEach(add)
  }
  Object.values(bundle).forEach((file) => file.type === 'chunk' && file.isEntry && add(file.fileName))
  return [...first]
}

const sum = (names: readonly string[], sizes: ReadonlyMap<string, number>): number =>
  names.reduce((total, name) => total + (sizes.get(name) ?? 0), 0)
