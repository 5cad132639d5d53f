import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { adminToken, freshDatabase, serveProcess } from '#test'
import { startProxy, until } from '#test/faults'

/** STOP_ROUNDS=200 repeats the campaign as often as the defect was once looked for. */
const rounds = Number(process.env['STOP_ROUNDS'] ?? 12)
const together = 3
const drainSeconds = 2
/** The drain, five seconds to close everything, and the least time of steps that come after a stuck one. */
const latestMs = 15_000

async function hubBehindProxy() {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await freshDatabase())
  const { searchParams, pathname, username } = new URL(database.url.replace('@/', '@localhost/'))
  const proxy = stack.use(await startProxy({ path: `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}` }))
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-stop-'))
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const hub = await serveProcess({
    DATABASE_URL: `postgresql://${username}@${proxy.host}:${proxy.port}${pathname}`,
    HUB_DATA_DIR: dataDir,
    HUB_ADMIN_TOKEN: adminToken,
    HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    HUB_DRAIN_SECONDS: String(drainSeconds),
    LOG_LEVEL: 'info',
  })
  // Whatever the test found, no process may be left.
  stack.defer(() => void hub.child.kill('SIGKILL'))
  const owned = stack.move()
  const stop = async (): Promise<{ code: number | null; tookMs: number }> => {
    const began = performance.now()
    hub.child.kill('SIGTERM')
    const late = setTimeout(() => hub.child.kill('SIGKILL'), 4 * latestMs)
    const code = await hub.exited
    clearTimeout(late)
    return { code, tookMs: performance.now() - began }
  }
  const isReady = async (): Promise<boolean> => (await fetch(`${hub.url}/readyz`).catch(() => undefined))?.status === 200
  return { hub, proxy, stop, isReady, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Resolves to how long the stop took. */
async function cutAndRestore(round: number): Promise<number> {
  await using started = await hubBehindProxy()
  const { hub, proxy, stop, isReady } = started
  // Some rounds break connections and others leave them silent, for times on both sides of the engine's limits.
  if (round % 2 === 0) proxy.cut()
  else proxy.pause()
  await new Promise((resolve) => setTimeout(resolve, (round * 397) % 4000))
  proxy.resume()
  // Some stop in the middle of the recovery.
  if (round % 3 !== 0) await until('the hub is ready', isReady, 20_000)
  const { code, tookMs } = await stop()
  assert.equal(code, 0, `round ${round}: the hub ended with ${code} after ${Math.round(tookMs)} ms:\n${hub.output()}`)
  assert.ok(tookMs < latestMs, `round ${round}: the hub took ${Math.round(tookMs)} ms to stop:\n${hub.output()}`)
  return tookMs
}

test(`a hub whose database connection was cut and restored stops at SIGTERM, ${rounds} times`, { timeout: 3_600_000 }, async (t) => {
  const took: number[] = []
  for (let round = 0; round < rounds; round += together)
    took.push(
      ...(await Promise.all(Array.from({ length: Math.min(together, rounds - round) }, (_, index) => cutAndRestore(round + index)))),
    )
  t.diagnostic(`${took.length} stops: the slowest took ${Math.round(Math.max(...took))} ms`)
})

test('a hub whose database is silent stops at SIGTERM, says what did not end and exits with an error', async () => {
  await using started = await hubBehindProxy()
  const { hub, proxy, stop } = started
  proxy.pause()
  // Time for the pollers to begin a round that never ends.
  await new Promise((resolve) => setTimeout(resolve, 6000))
  const { code, tookMs } = await stop()
  assert.equal(code, 1, hub.output())
  assert.ok(tookMs < latestMs, `the hub took ${Math.round(tookMs)} ms to stop:\n${hub.output()}`)
  assert.match(hub.output(), /"step":"[^"]+".*a step of the stop did not end in time/)
})
