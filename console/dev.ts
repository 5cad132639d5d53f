import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer } from 'vite'

/** `npm run dev`: a hub and, in front of it, the console with hot reload. */
const home = join(import.meta.dirname, '..')
const hubPort = process.argv[2] ?? '8787'
const port = 5173

const hub = spawn(process.execPath, [join(home, 'src/main.ts'), 'serve'], {
  cwd: home,
  stdio: 'inherit',
  env: { ...process.env, HUB_PORT: hubPort },
})
hub.once('exit', (code) => process.exit(code ?? 1))

const server = await createServer({
  configFile: join(import.meta.dirname, 'vite.config.ts'),
  appType: 'custom',
  plugins: [
    {
      name: 'pages',
      configureServer({ middlewares, transformIndexHtml }) {
        middlewares.use(async (request, response, next) => {
          const url = request.originalUrl ?? '/'
          if (!/^\/($|\?|w\/|go\/)/.test(url)) return next()
          const page = await readFile(join(import.meta.dirname, 'index.html'), 'utf8')
          response.setHeader('content-type', 'text/html; charset=utf-8')
          return void response.end(await transformIndexHtml('/console/index.html', page))
        })
      },
    },
  ],
  // Everything that is not of the console: the API, the streams, the pages on which people sign in.
  server: { port, strictPort: true, proxy: { '^/(?!console/)': { target: `http://127.0.0.1:${hubPort}` } } },
})
await server.listen()
process.stdout.write(`The console with hot reload: http://localhost:${port}\n`)
