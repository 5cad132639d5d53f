import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Command } from 'commander'
import type { Config } from '#config'
import { within } from '#lib/clock'
import type { Hub } from '#hub'
import { outputOf } from './context.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  /** It works, but should be changed. */
  readonly warning?: boolean
  readonly found: string
  readonly fix?: string
}

/** Thrown by a check that knows the remedy. */
class Trouble extends Error {
  readonly fix: string
  constructor(found: string, fix: string) {
    super(found)
    this.fix = fix
  }
}

const leastFreeBytes = 1_000_000_000
const limitMs = 10_000
/** A new database is created and migrated within this time on slow machines too. */
const databaseLimitMs = 60_000

/** The checks are independent: one runs even when an earlier one failed. Without valid settings the later ones are skipped. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check this machine and the configuration, and say how to fix problems')
    .addHelpText('after', '\nOpens the database as `hub serve` would, beside a serving hub too. Exit code 1 when anything is BAD.')
    .action(async (_options, command: Command) => {
      const findings = await examine()
      const lines = findings.map(
        ({ check, ok, warning, found, fix }) =>
          `${!ok ? 'BAD ' : warning ? 'warn' : 'ok  '} ${check}: ${found}${fix ? `\n       fix: ${fix}` : ''}`,
      )
      outputOf(command).print(findings, lines.join('\n'))
      if (findings.some(({ ok }) => !ok)) process.exitCode = 1
    })
}

async function examine(): Promise<Finding[]> {
  const { ConfigError, loadConfig } = await import('#config')
  const findings: Finding[] = [await attempt('Node', nodeVersion)]
  let config: Config
  try {
    config = { ...loadConfig().config, LOG_LEVEL: 'silent' }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const fix = 'fix them in the environment or in .env; the other checks need them'
    return [...findings, { check: 'settings', ok: false, found: error.faults.join('; '), fix }]
  }
  findings.push({ check: 'settings', ok: true, found: 'no faults' })
  if (config.DATABASE_URL === undefined) {
    const { findNative } = await import('#db')
    findings.push(await attempt('embedded PostgreSQL', () => `package ${findNative().version}`))
    findings.push(await attempt('data folder', () => dataFolder(config)))
  }
  findings.push(await attempt('port', () => port(config)))
  findings.push(...(await databaseAndSecrets(config)))
  return findings
}

function nodeVersion(): string {
  const { version, versions } = process
  if (Number(versions.node.split('.')[0]) >= 24) return version
  throw new Trouble(version, 'run `npm ci`, and start the hub with `npm start` or bin/hub: they use the pinned Node 24')
}

async function dataFolder({ HUB_DATA_DIR }: Config): Promise<string> {
  const { ensureDataDir } = await import('#db')
  await ensureDataDir(HUB_DATA_DIR)
  const { bavail, bsize } = await statfs(HUB_DATA_DIR)
  const text = `${HUB_DATA_DIR}, ${((bavail * bsize) / 1e9).toFixed(1)} GB free`
  if (bavail * bsize < leastFreeBytes) throw new Trouble(text, 'the hub wants 1 GB at least: free some, or set HUB_DATA_DIR')
  return text
}

async function port({ HUB_HOST, HUB_PORT, HUB_DATA_DIR, DATABASE_URL }: Config): Promise<string> {
  const { findRunning } = await import('#db')
  const owner = DATABASE_URL === undefined ? await findRunning(HUB_DATA_DIR).catch(() => undefined) : undefined
  if (owner) return `a hub is serving on this data folder (process ${owner.pid})`
  const place = `${HUB_HOST}:${HUB_PORT}`
  return new Promise<string>((resolve, reject) => {
    const server = createServer()
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'in use by another program, or by another hub' : `cannot be used (${code})`
      reject(new Trouble(`${place} is ${why}`, 'stop what uses it, or set HUB_PORT or HUB_HOST'))
    })
    server.listen(HUB_PORT, HUB_HOST, () => server.close(() => resolve(`${place} is free`)))
  })
}

async function databaseAndSecrets(config: Config): Promise<Finding[]> {
  const { migrationState } = await import('#db')
  const { openHub } = await import('#hub')
  const secrets: Finding[] = []
  const database = await attempt(
    'database',
    async () => {
      await using hub = await openHub(config)
      secrets.push(
        await attempt(`credentials (${hub.credentials.backend})`, async () => {
          await hub.credentials.check()
          const missing = (await hub.credentials.keys.list()).filter(({ known, credentials }) => credentials > 0 && !known)
          if (missing.length === 0) return 'reachable, every key is there'
          const ids = missing.map(({ id }) => id).join(', ')
          throw new Trouble(
            `some are sealed with keys that are missing: ${ids}`,
            'add them to HUB_SECRET_KEYS or the data folder’s secret-keys',
          )
        }),
      )
      secrets.push(await shortSecrets(hub))
      const client = await hub.db.pool.connect()
      try {
        const state = await migrationState(client)
        const { rows } = await client.query<{ server_version: string }>('show server_version')
        return `PostgreSQL ${rows[0]?.server_version}, schema ${state.version} of ${state.latest}`
      } finally {
        client.release()
      }
    },
    databaseLimitMs,
  )
  return [database, ...secrets]
}

/** Only a warning, because the hub accepts deliveries with these secrets. */
async function shortSecrets({ webhooks }: Pick<Hub, 'webhooks'>): Promise<Finding> {
  let short: readonly string[] = []
  const finding = await attempt('webhook secrets', async () => {
    short = await webhooks.withShortSecrets()
    return short.length === 0 ? 'all are long enough' : `too short, so that they can be guessed: ${short.join(', ')}`
  })
  return finding.ok && short.length > 0
    ? { ...finding, warning: true, fix: 'set a random one of 32 characters here and at the sender' }
    : finding
}

async function attempt(check: string, look: () => string | Promise<string>, ms = limitMs): Promise<Finding> {
  try {
    const found = await within(ms, Promise.resolve(look()), undefined)
    if (found !== undefined) return { check, ok: true, found }
    return { check, ok: false, found: `no answer within ${ms / 1000} s`, fix: 'look whether the disk or the network it needs hangs' }
  } catch (error) {
    const { HubError } = await import('#errors')
    const { message } = error as Error
    const fix = error instanceof Trouble ? error.fix : error instanceof HubError ? error.details.hint : undefined
    return { check, ok: false, found: message, ...(fix ? { fix } : {}) }
  }
}
