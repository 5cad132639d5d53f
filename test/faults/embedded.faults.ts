import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import pg from 'pg'
import { findRunning, openDatabase, type Database } from '#db'
import { adminToken, serveProcess, testTelemetry, type HubProcess } from '#test'
import { descendants, isAlive, kill, processes, until, workerEnvironment } from '#test/faults'

const secret = 'a-secret-that-only-the-hub-may-see'

function temporaryFolder(mode = 0o711) {
  const path = mkdtempSync(join(tmpdir(), 'hub-faults-'))
  chmodSync(path, mode)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) }
}

function openEmbedded(dataDir: string): Promise<Database> {
  return openDatabase({ dataDir, poolSize: 2, mode: 'serve' }, testTelemetry())
}

function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
}

describe('a hub on its embedded database', () => {
  const folder = temporaryFolder()
  const dataDir = join(folder.path, 'data')
  const env = { HUB_DATA_DIR: dataDir, HUB_ADMIN_TOKEN: adminToken, VAULT_TOKEN: secret, LOG_LEVEL: 'info' }
  let hub: HubProcess

  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${hub.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
    })
  const isReady = async (): Promise<boolean> => (await ask('/readyz')).status === 200
  const tokenNames = async (): Promise<string[]> => {
    const answer = await ask('/api/v1/tokens')
    assert.equal(answer.status, 200)
    return ((await answer.json()) as { items: { name: string }[] }).items.map(({ name }) => name)
  }

  before(async () => {
    hub = await serveProcess(env)
    const made = await ask('/api/v1/tokens', { method: 'POST', body: JSON.stringify({ name: 'kept', scopes: ['tools:read'] }) })
    assert.equal(made.status, 201)
  })
  after(async () => {
    await hub[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  test('starts on an empty folder and is ready', async () => {
    assert.ok(await isReady())
  })

  test('shows its database server none of its environment, and so none of its secrets', async () => {
    const { address } = (await findRunning(dataDir))!
    const client = new pg.Client({ ...address, database: 'hub' })
    await client.connect()
    try {
      await client.query(`create temporary table seen (line text)`)
      await client.query(`copy seen from program 'env'`)
      const { rows } = await client.query<{ line: string }>('select line from seen')
      const lines = rows.map(({ line }) => line)
      assert.ok(lines.includes('TZ=UTC'), lines.join('\n'))
      assert.deepEqual(
        lines.filter((line) => line.includes(secret) || line.includes(adminToken) || /^(HUB_|VAULT_|HOME=|NODE_)/.test(line)),
        [],
      )
    } finally {
      await client.end()
    }
  })

  test('refuses a second one on its folder, naming itself, and goes on unharmed', async () => {
    await assert.rejects(openEmbedded(dataDir), new RegExp(`another hub \\(process ${hub.child.pid}\\) is running on this data folder`))
    assert.ok(await isReady())
    assert.ok((await tokenNames()).includes('kept'))
  })

  test('outlives kill -9 of its database server under load: the server is back within seconds and requests work again', async () => {
    const killed = postmasterOf(dataDir)
    let loading = true
    const statuses = new Set<number>()
    const load = Array.from({ length: 8 }, async () => {
      while (loading) statuses.add((await ask('/api/v1/tokens')).status)
    })
    await until('requests are under way', () => statuses.has(200))
    kill(killed)
    await until('another server is running', () => existsSync(join(dataDir, 'postgres/postmaster.pid')) && postmasterOf(dataDir) !== killed)
    await until('the hub is ready again', isReady)
    loading = false
    await Promise.all(load)
    assert.ok((await tokenNames()).includes('kept'))
    assert.deepEqual(
      [...statuses].filter((status) => status !== 200 && status !== 503),
      [],
      hub.output(),
    )
    assert.equal(hub.child.exitCode, null)
  })

  test('outlives kill -9 of only the watchdog of its database server', async () => {
    const orphan = postmasterOf(dataDir)
    const watchdog = processes().find(({ pid }) => pid === orphan)!.parent
    assert.match(processes().find(({ pid }) => pid === watchdog)!.command, /watchdog/)
    kill(watchdog)
    await until('the orphaned server is gone', () => !isAlive(orphan))
    await until('the hub is ready again', isReady)
    assert.ok((await tokenNames()).includes('kept'))
  })

  test('stops cleanly when it is asked to, its database server last', async () => {
    const below = descendants(hub.child.pid!)
    assert.ok(below.some(({ pid }) => pid === postmasterOf(dataDir)))
    hub.child.kill('SIGTERM')
    assert.equal(await hub.exited, 0)
    assert.deepEqual(
      below.filter(({ pid }) => isAlive(pid)),
      [],
    )
    assert.ok(!existsSync(join(dataDir, 'postgres/postmaster.pid')))
    assert.doesNotMatch(hub.output().split('stopping: no new work')[1]!, /"level":"(warn|error)"/)
  })

  test('leaves nothing running behind when it is killed with -9, and its data is there at the next start', async () => {
    hub = await serveProcess(env)
    const below = descendants(hub.child.pid!)
    assert.ok(below.some(({ pid }) => pid === postmasterOf(dataDir)))
    kill(hub.child.pid!)
    await hub.exited
    await until('all that it started is gone', () => !below.some(({ pid }) => isAlive(pid)))
    await using db = await openEmbedded(dataDir)
    assert.equal((await db.pool.query(`select from hub.tokens where name = 'kept'`)).rowCount, 1)
  })
})

// Much of it is waiting, so side by side.
describe('a data folder', { concurrency: 3 }, () => {
  // Made once: to make one takes most of a second.
  const made = temporaryFolder()
  before(async () => (await openEmbedded(made.path))[Symbol.asyncDispose]())
  after(() => made[Symbol.dispose]())
  const putInto = (dataDir: string): void => {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 })
    cpSync(join(made.path, 'postgres'), join(dataDir, 'postgres'), { recursive: true, mode: constants.COPYFILE_FICLONE })
    chmodSync(join(dataDir, 'postgres'), 0o700)
  }
  const startProcess = (dataDir: string) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'database-worker.ts'), dataDir], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: workerEnvironment,
    })
    let refusal = ''
    child.stderr.on('data', (chunk: Buffer) => (refusal += chunk.toString()))
    const ready = new Promise<'ready'>((resolve) => child.stdout.once('data', () => resolve('ready')))
    const ended = new Promise<string>((resolve) => child.once('close', () => resolve(refusal)))
    return { pid: child.pid!, outcome: Promise.race([ready, ended]), ended }
  }

  test('starts after kill -9 at one moment after the other of its very first start', async () => {
    using folder = temporaryFolder()
    for (const moment of [200, 350, 500, 650]) {
      const { pid } = startProcess(folder.path)
      await pass(moment + 150 * Math.random())
      kill(pid)
    }
    await using db = await openEmbedded(folder.path)
    await db.ping()
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['postgres', 'run'])
  })

  test('is taken back from a server that was left behind by a hub and its watchdog killed at once', async () => {
    using folder = temporaryFolder()
    putInto(folder.path)
    const hub = startProcess(folder.path)
    assert.equal(await hub.outcome, 'ready')
    const orphan = postmasterOf(folder.path)
    for (const { pid } of descendants(hub.pid).filter(({ command }) => command.includes('watchdog'))) kill(pid)
    kill(hub.pid)
    assert.ok(isAlive(orphan))
    await using db = await openEmbedded(folder.path)
    assert.ok(!isAlive(orphan))
    await db.ping()
  })

  test('whose hub was killed goes to one of several that start at once', async () => {
    using folder = temporaryFolder()
    putInto(folder.path)
    const first = startProcess(folder.path)
    assert.equal(await first.outcome, 'ready')
    kill(first.pid)
    await first.ended
    const several = [1, 2, 3].map(() => startProcess(folder.path))
    try {
      const outcomes = await Promise.all(several.map(({ outcome }) => outcome))
      assert.equal(outcomes.filter((outcome) => outcome === 'ready').length, 1, outcomes.join('\n'))
      for (const outcome of outcomes.filter((said) => said !== 'ready'))
        assert.match(outcome, /another hub \(process (\d+|\?)\) is running/)
    } finally {
      for (const { pid } of several) if (isAlive(pid)) kill(pid)
      await Promise.all(several.map(({ ended }) => ended))
    }
  })

  test('with a very long path works, and is still refused to a second hub', async () => {
    using folder = temporaryFolder()
    const dataDir = join(folder.path, 'x'.repeat(120), 'y'.repeat(120))
    putInto(dataDir)
    let socketDir: string
    {
      await using db = await openEmbedded(dataDir)
      socketDir = (await findRunning(dataDir))!.address.host
      await db.ping()
      await assert.rejects(openEmbedded(dataDir), /another hub \(process \d+\)/)
    }
    assert.ok(!socketDir.startsWith(dataDir))
    rmSync(dirname(socketDir), { recursive: true })
  })

  test('a process id left in the folder that now is another process keeps nobody from starting', async () => {
    using folder = temporaryFolder()
    putInto(folder.path)
    const cluster = join(folder.path, 'postgres')
    // The owner that the server's files will have.
    const { uid, gid } = statSync(join(made.path, 'postgres'))
    const socketLock = join(folder.path, 'run/pg/.s.PGSQL.5432.lock')
    // A process of the server's own user: PostgreSQL takes it for a server of its own.
    const other = spawn('sleep', ['60'], { uid, gid })
    try {
      mkdirSync(dirname(socketLock), { recursive: true })
      for (const file of [join(cluster, 'postmaster.pid'), socketLock]) {
        writeFileSync(file, `${other.pid}\n${cluster}\n`)
      }
      await using db = await openEmbedded(folder.path)
      await db.ping()
      assert.equal(other.exitCode, null)
    } finally {
      other.kill('SIGKILL')
    }
  })

  test('as root the server runs as nobody, or in a user namespace where nobody cannot enter; the folder changes hands by itself', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root has to become somebody else')
    using folder = temporaryFolder(0o700)
    const dataDir = join(folder.path, 'data')
    putInto(dataDir)
    const ownerOfFiles = (): number => statSync(join(dataDir, 'postgres/PG_VERSION')).uid
    const run = async (): Promise<void> => {
      await using db = await openEmbedded(dataDir)
      await db.ping()
    }
    try {
      await run()
    } catch (error) {
      if (/user namespaces are not allowed/.test((error as Error).message)) return t.skip('user namespaces are not allowed on this machine')
      throw error
    }
    assert.equal(ownerOfFiles(), 0)
    chmodSync(folder.path, 0o711)
    await run()
    assert.notEqual(ownerOfFiles(), 0)
    chmodSync(folder.path, 0o700)
    await run()
    assert.equal(ownerOfFiles(), 0)
  })
})
