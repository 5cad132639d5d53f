import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '#config'
import { serveHub } from '#serve'
import { createApi, type Api } from './api.ts'

const usualPort = 3000

export interface DemoHub extends AsyncDisposable {
  readonly api: Api
  readonly dataDir: string
}

/** A whole hub with its own PostgreSQL, in a folder that goes when the demo ends. */
export async function startHub(): Promise<DemoHub> {
  await using stack = new AsyncDisposableStack()
  const token = `ih_demo_${randomBytes(12).toString('hex')}`
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-demo-'))
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const { config } = loadConfig(
    {
      HUB_DATA_DIR: dataDir,
      HUB_ADMIN_TOKEN: token,
      HUB_PORT: String((await isFree(usualPort)) ? usualPort : 0),
      // The outside world of the demo is on this machine, where users' integrations may not reach otherwise.
      HUB_EGRESS_ALLOW: '127.0.0.1',
      HUB_DRAIN_SECONDS: '2',
      RATE_LIMIT_PER_MINUTE: '1000',
      LOG_LEVEL: 'error',
    },
    dataDir,
  )
  const serving = await serveHub(config)
  stack.defer(() => serving.stop())
  const owned = stack.move()
  return { api: createApi(serving.address, token), dataDir, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
