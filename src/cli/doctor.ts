import { statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Command } from 'commander'
import { ConfigError, loadConfig, type Config } from '#config'
import { ensureDataDir, findNative, findRunning, migrationState } from '#db'
import { createTelemetry, openHub } from '#hub'
import { HubError } from '#kit'
import { outputOf } from './context.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly found: string
  readonly mend?: string
}

const leastFreeBytes = 1_000_000_000

/** Tells what is wrong with this machine and how to mend it. Each check stands alone; a later one runs even when an earlier one failed. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('tell what is wrong with this machine and how to mend it')
    .action(async (_options, command: Command) => {
      const findings = await examine()
      const lines = findings.map(
        ({ check, ok, found, mend }) => `${ok ? 'ok  ' : 'BAD '} ${check}: ${found}${mend ? `\n       mend: ${mend}` : ''}`,
      )
      outputOf(command).print(findings, lines.join('\n'))
      if (findings.some(({ ok }) => !ok)) process.exitCode = 1
    })
}

async function examine(): Promise<Finding[]> {
  const findings: Finding[] = [nodeVersion()]
  let config: Config
  try {
    config = { ...loadConfig().config, LOG_LEVEL: 'silent' }
    findings.push({ check: 'settings', ok: true, found: 'no faults' })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [...findings, { check: 'settings', ok: false, found: error.faults.join('; '), mend: 'correct them in the environment or .env' }]
  }
  const embedded = config.DATABASE_URL === undefined
  const running = embedded ? await findRunning(config.HUB_DATA_DIR).catch(() => undefined) : undefined
  if (embedded) findings.push(await attempt('embedded PostgreSQL', async () => `package ${findNative().version}`), await dataFolder(config))
  findings.push(running ? { check: 'port', ok: true, found: `a hub is serving (process ${running.pid})` } : await port(config))
  findings.push(...(await database(config)))
  return findings
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  const ok = major >= 24
  return {
    check: 'Node',
    ok,
    found: process.version,
    ...(ok ? {} : { mend: 'run `npm ci`, and start the hub with `npm start` or bin/hub: they use the pinned Node 24' }),
  }
}

async function dataFolder({ HUB_DATA_DIR }: Config): Promise<Finding> {
  return attempt('data folder', async () => {
    ensureDataDir(HUB_DATA_DIR)
    const { bavail, bsize } = statfsSync(HUB_DATA_DIR)
    const free = bavail * bsize
    const text = `${HUB_DATA_DIR}, ${(free / 1e9).toFixed(1)} GB free`
    if (free < leastFreeBytes) throw new Error(`${text}; the hub wants 1 GB at least: free some, or set HUB_DATA_DIR`)
    return text
  })
}

function port({ HUB_HOST, HUB_PORT }: Config): Promise<Finding> {
  return attempt(
    'port',
    () =>
      new Promise<string>((resolve, reject) => {
        const server = createServer()
        server.once('error', (error: NodeJS.ErrnoException) =>
          reject(new Error(`${HUB_HOST}:${HUB_PORT} cannot be used (${error.code}): set HUB_PORT or HUB_HOST`)),
        )
        server.listen(HUB_PORT, HUB_HOST, () => server.close(() => resolve(`${HUB_HOST}:${HUB_PORT} is free`)))
      }),
  )
}

async function database(config: Config): Promise<Finding[]> {
  await using stack = new AsyncDisposableStack()
  stack.use(await createTelemetry(config))
  const findings: Finding[] = []
  findings.push(
    await attempt('database', async () => {
      const hub = stack.use(await openHub(config))
      const client = await hub.db.pool.connect()
      try {
        const state = await migrationState(client)
        const { rows } = await client.query<{ server_version: string }>('show server_version')
        const open = await attempt(`credentials (${hub.credentials.backend})`, async () => {
          await hub.credentials.check()
          const missing = (await hub.credentials.keys.list()).filter(({ known, credentials }) => credentials > 0 && !known)
          if (missing.length > 0)
            throw new Error(`sealed with missing keys: ${missing.map(({ id }) => id).join(', ')}: add them to HUB_SECRET_KEYS`)
          return 'reachable, every key is there'
        })
        findings.push(open)
        return `PostgreSQL ${rows[0]?.server_version}, schema ${state.version} of ${state.latest}`
      } finally {
        client.release()
      }
    }),
  )
  return findings.toReversed()
}

async function attempt(check: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, found: await look() }
  } catch (error) {
    const { message } = error as Error
    const hint = error instanceof HubError ? error.details.hint : undefined
    return { check, ok: false, found: message, ...(hint ? { mend: hint } : {}) }
  }
}
