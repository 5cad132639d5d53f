import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Keeps the compiled code: later starts take 0.3 s less and 25 MB less, because neither the compiler nor the type stripper is needed. The
// cache is beside the packages and not in the shared temporary folder, where others could change it. Where the folder cannot be written, the hub
// starts without the cache.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/integration-hub'))

// A reader such as `head` may close the pipe early.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const { run } = await import('./cli/index.ts')
const code = await run(process.argv.slice(2))
// On some systems pipes are written asynchronously: wait until the output is written.
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve))
// A sleeping run may have left a timer in this process, which must not delay the exit.
process.exit(code)
