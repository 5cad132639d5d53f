import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { nearest } from '#lib/nearest'
import { redactText } from '#lib/redact'

/**
 * The only reader of `process.env`. One schema names every setting of the hub, all faults are reported together, and the result is frozen.
 * `.env` in the working directory is read first; the environment overrides it.
 */

const secret = { secret: true }
const optional = z.string().min(1).optional()

const port = z.coerce.number().int().min(0).max(65_535)
const list = z
  .string()
  .default('')
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))

function listOf(fits: (item: string) => boolean, what: string) {
  return list.check((context) => {
    for (const item of context.value.filter((candidate) => !fits(candidate))) {
      context.issues.push({ code: 'custom', input: item, message: `"${redactText(item)}" is not ${what}` })
    }
  })
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

function isHostname(text: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text)
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const widest = isIP(address) === 6 ? 128 : 32
  return isIP(address) !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widest))
}

const secretKeys = z
  .string()
  .transform((text, context) => {
    const keys = text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
      .map((part) => {
        const [, id, encoded] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/=_-]+)$/.exec(part) ?? []
        const key = Buffer.from(encoded ?? '', 'base64')
        if (!id || key.length !== 32) {
          context.addIssue({ code: 'custom', message: 'each key is id:base64 of 32 bytes, e.g. made by `hub keys new`' })
        }
        return { id: id ?? '', key }
      })
    const ids = keys.map(({ id }) => id).filter(Boolean)
    if (new Set(ids).size !== ids.length) context.addIssue({ code: 'custom', message: 'names one key id twice' })
    if (keys.length === 0) context.addIssue({ code: 'custom', message: 'holds no key' })
    return keys
  })
  .optional()

export const settings = z.object({
  HUB_HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  HUB_PORT: port.default(3000).describe('Port to listen on; 0 chooses a free one.'),
  HUB_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe(
      'The URL under which people and others reach this hub, such as https://hub.example.com; links, cookies and redirects of OAuth depend on it.',
    ),
  HUB_DATA_DIR: z.string().min(1).default('./data').describe('Folder for the embedded database and generated secrets.'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional()
    .describe('Your own PostgreSQL 15 or newer. Without it the hub runs its own.')
    .meta(secret),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .optional()
    .describe('Keeps attempts to connect by OAuth in Redis. Without it they are kept in the database.')
    .meta(secret),
  AMQP_URL: z
    .string()
    .regex(/^amqps?:\/\//, 'must begin with amqp:// or amqps://')
    .optional()
    .describe('RabbitMQ: commands come in and events go out there. AMQP_HUB_TOKEN belongs to it.')
    .meta(secret),
  AMQP_HUB_TOKEN: optional
    .describe('The token of this hub with whose scopes, in whose workspace, commands from RabbitMQ act.')
    .meta(secret),
  AMQP_EVENTS: list.describe(
    'The types of the events that go to RabbitMQ: github.*, jira.issue_created. Default: those of all connectors.',
  ),
  AMQP_PREFETCH: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(32)
    .describe('How many commands from RabbitMQ a process handles at the same time.'),
  AMQP_COMMANDS_EXCHANGE: z.string().min(1).max(127).default('commands.exchange').describe('The exchange of the commands.'),
  AMQP_EVENTS_EXCHANGE: z.string().min(1).max(127).default('events.exchange').describe('The exchange of results and events.'),
  AMQP_QUEUE: z.string().min(1).max(100).default('integrations.commands').describe('The queue that this hub reads commands from.'),
  PULSAR_URL: z
    .string()
    .regex(/^(https?|pulsar(\+ssl)?):\/\//, 'must begin with http://, https://, pulsar:// or pulsar+ssl://')
    .optional()
    .describe(
      'Apache Pulsar: commands come in and events go out there. PULSAR_HUB_TOKEN belongs to it. http and https speak its WebSocket API; pulsar and pulsar+ssl need the package pulsar-client.',
    )
    .meta(secret),
  PULSAR_HUB_TOKEN: optional
    .describe('The token of this hub with whose scopes, in whose workspace, commands from Pulsar act.')
    .meta(secret),
  PULSAR_TOKEN: optional.describe('The token that the hub shows to Pulsar.').meta(secret),
  PULSAR_NAMESPACE: z
    .string()
    .regex(/^[\w.=:-]+\/[\w.=:-]+$/, 'must be tenant/namespace')
    .default('public/default')
    .describe('The tenant and the namespace of all topics.'),
  PULSAR_COMMANDS: z.string().min(1).max(150).default('integrations.commands').describe('The topic of the commands.'),
  PULSAR_RESULTS: z.string().min(1).max(150).default('integrations.events').describe('The topic of the results of commands.'),
  PULSAR_EVENTS: list.describe(
    'The types of the events that go to Pulsar: github.*, jira.issue_created. Default: those of all connectors.',
  ),
  PULSAR_PREFETCH: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(32)
    .describe('How many commands from Pulsar a process handles at the same time.'),
  HUB_DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10).describe('Database connections for requests, per process.'),
  HUB_MAX_ACTIVE_RUNS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe(
      'How many unfinished runs of flows a workspace may have. Calls beyond it are refused; runs that events and schedules start wait.',
    ),
  HUB_ROLE: z
    .enum(['all', 'api', 'worker'])
    .default('all')
    .describe('What this process does: answer requests, execute background work, or both.'),
  HUB_SECRET_KEYS: secretKeys.describe('Keys that seal secrets, id:base64,…; the first seals, all open.').meta(secret),
  HUB_ADMIN_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{20,256}$/, 'must be 20 to 256 printable characters without spaces')
    .refine(
      (token) => new Set(token).size >= 8,
      'can be guessed: it must have 8 different characters or more (`openssl rand -hex 24` makes one)',
    )
    .optional()
    .describe("The first administrator's token: 20 characters or more, 8 of them different.")
    .meta(secret),
  HUB_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{1,512}$/, 'must be a token')
    .optional()
    .describe('The token with which `hub mcp` acts, and commands at a hub elsewhere.')
    .meta(secret),
  HUB_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The hub that commands act on, at another address; `hub login` signs you in there. Without it, the hub of this machine.'),
  HUB_CREDENTIALS: z
    .enum(['database', 'vault'])
    .optional()
    .describe('Where credentials are kept; vault when VAULT_ADDR is set, otherwise database.'),
  HUB_CORS_ORIGINS: listOf(isOrigin, 'an origin such as https://app.example.com').describe(
    'Web origins that browsers may call the API from; none by default.',
  ),
  HUB_ALLOWED_HOSTS: listOf(isHostname, 'a host name such as hub.internal').describe(
    'Names beside localhost and that of HUB_PUBLIC_URL under which MCP clients reach this hub.',
  ),
  HUB_MCP_LIST_TOKENS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000_000)
    .default(10_000)
    .describe('Above this many tokens of definitions, MCP clients get tools that search instead of the list of all tools.'),
  HUB_OIDC_ISSUER: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Single sign-on: the OpenID Connect provider, e.g. https://login.example.com.'),
  HUB_OIDC_CLIENT_ID: optional.describe('The client id of this hub at that provider.'),
  HUB_OIDC_CLIENT_SECRET: optional.describe('The client secret of this hub at that provider.').meta(secret),
  HUB_OIDC_NAME: z.string().min(1).max(60).default('single sign-on').describe('What the button on the sign-in page calls the provider.'),
  HUB_OIDC_ROLE: z
    .enum(['admin', 'member', 'viewer'])
    .optional()
    .describe('The role in workspace default of everybody who comes from the provider without an invitation; without it they are refused.'),
  HUB_TRUST_PROXY: listOf(isNetwork, 'an address or network such as 10.0.0.0/8').describe(
    'Addresses or networks of reverse proxies whose X-Forwarded-For header is used.',
  ),
  HUB_BODY_LIMIT: z.coerce.number().int().min(1024).max(100_000_000).default(1_048_576).describe('Largest request body in bytes.'),
  HUB_DRAIN_SECONDS: z.coerce.number().min(0).max(3600).default(20).describe('Seconds that a stop waits for work in progress.'),
  HUB_EGRESS_ALLOW: list.describe('Private hosts and networks that user-given URLs may reach.'),
  HUB_DEMO: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether administrators of the hub may start the demo systems, which run in its process.'),
  HUB_CONNECTORS: list.describe('More connectors: folders or npm packages.'),
  INTEGRATION_TIMEOUT: z.coerce.number().min(0.1).max(600).default(30).describe('Maximum seconds for one attempt of a call.'),
  MAX_RETRY_ATTEMPTS: z.coerce.number().int().min(0).max(10).default(3).describe('Maximum retries per call.'),
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(1).max(10_000_000).default(100).describe('Requests a minute per integration.'),
  VAULT_ADDR: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('HashiCorp Vault or OpenBao.'),
  VAULT_TOKEN: optional.describe('Vault token.').meta(secret),
  VAULT_ROLE_ID: optional.describe('Vault AppRole role id, instead of a token.'),
  VAULT_SECRET_ID: optional.describe('Vault AppRole secret id.').meta(secret),
  VAULT_MOUNT: z.string().min(1).default('secret').describe('KV version 2 mount.'),
  VAULT_PREFIX: z.string().min(1).default('integration-hub').describe('Path in the mount, above workspace and credential name.'),
  VAULT_NAMESPACE: optional.describe('Vault Enterprise namespace.'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info').describe('How much is logged.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional.describe('OpenTelemetry collector; spans are sent when it is set.'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional.describe('The same, for traces alone.'),
  OTEL_SERVICE_NAME: z.string().min(1).default('integration-hub').describe('Service name in traces.'),
})

export type SettingName = keyof typeof settings.shape
export type Settings = z.output<typeof settings>

export interface Config extends Readonly<Settings> {
  readonly HUB_CREDENTIALS: 'database' | 'vault'
  /** All other variables. Connectors declare which of them they read. */
  readonly others: Environment
}

export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`the configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.map((f) => `  - ${f}`).join('\n')}`)
    this.faults = faults
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface LoadedConfig {
  readonly config: Config
  /** Where each variable that is set came from. */
  readonly origins: ReadonlyMap<string, 'environment' | '.env'>
}

export function loadConfig(env: Environment = process.env, folder: string = process.cwd()): LoadedConfig {
  const file = readEnvFile(resolve(folder, '.env'))
  // An empty value counts as unset, as in `DATABASE_URL= npm start`.
  const given = Object.fromEntries(Object.entries({ ...file, ...env }).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const withStore = { HUB_CREDENTIALS: given['VAULT_ADDR'] ? 'vault' : 'database', ...given }
  const faults = [...unknownNames(given), ...contradictions(withStore)]
  const parsed = settings.safeParse(withStore)
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => `${issue.path[0] as string}: ${issue.message}`))
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults)

  const origins = new Map<string, 'environment' | '.env'>()
  for (const name of Object.keys(given)) origins.set(name, env[name] === undefined ? '.env' : 'environment')
  const config = {
    ...parsed.data,
    HUB_CREDENTIALS: parsed.data.HUB_CREDENTIALS ?? 'database',
    HUB_DATA_DIR: resolve(folder, parsed.data.HUB_DATA_DIR),
    others: Object.freeze(Object.fromEntries(Object.entries(given).filter(([name]) => !(name in settings.shape)))),
  }
  for (const value of Object.values(config)) if (Array.isArray(value)) Object.freeze(value)
  return { config: Object.freeze(config), origins }
}

export const settingNames = Object.keys(settings.shape) as SettingName[]

export function isSecretSetting(name: SettingName): boolean {
  return settings.shape[name].meta()?.['secret'] === true
}

function readEnvFile(path: string): Environment {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
}

function unknownNames(given: Environment): string[] {
  return Object.keys(given)
    .filter((name) => name.startsWith('HUB_') && !(name in settings.shape))
    .map((name) => `${name} is not a setting of the hub; did you mean ${nearest(name, settingNames)[0]}?`)
}

/** Reads the raw values, so that a fault in another setting does not hide these faults. */
function contradictions(given: Environment): string[] {
  const faults: string[] = []
  const has = (name: SettingName): boolean => given[name] !== undefined
  if (has('DATABASE_URL') && !has('HUB_SECRET_KEYS')) {
    faults.push('HUB_SECRET_KEYS is needed with DATABASE_URL, so that every process seals alike; `hub keys new` makes one')
  }
  if (has('AMQP_URL') !== has('AMQP_HUB_TOKEN')) {
    faults.push('AMQP_URL and AMQP_HUB_TOKEN belong together; `hub token create` makes a token')
  }
  if (has('PULSAR_URL') !== has('PULSAR_HUB_TOKEN')) {
    faults.push('PULSAR_URL and PULSAR_HUB_TOKEN belong together; `hub token create` makes a token')
  }
  const sso = ['HUB_OIDC_ISSUER', 'HUB_OIDC_CLIENT_ID', 'HUB_OIDC_CLIENT_SECRET'] as const
  if (sso.some(has) && !sso.every(has)) faults.push(`${sso.join(', ')} belong together`)
  if (given['HUB_CREDENTIALS'] !== 'vault') return faults
  if (!has('VAULT_ADDR')) faults.push('VAULT_ADDR is needed with HUB_CREDENTIALS=vault')
  const role = has('VAULT_ROLE_ID') || has('VAULT_SECRET_ID')
  if (role && has('VAULT_TOKEN')) faults.push('VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, but not both: the hub must not guess')
  else if (role && !(has('VAULT_ROLE_ID') && has('VAULT_SECRET_ID'))) faults.push('VAULT_ROLE_ID and VAULT_SECRET_ID belong together')
  else if (!role && !has('VAULT_TOKEN')) {
    faults.push('VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, are needed when credentials are kept in Vault')
  }
  return faults
}

/** Variables that connectors declare, by name. */
export type DeclaredVariables = Readonly<Record<string, { readonly secret?: boolean }>>

/** What `hub config` prints: the hub's settings and the connectors' variables as they are in force, with secrets masked. */
export function describeConfig(
  { config, origins }: LoadedConfig,
  declared: DeclaredVariables = {},
): { name: string; value: string; origin: string }[] {
  const own = settingNames.map((name) => ({ name, value: config[name] as unknown, secret: isSecretSetting(name) }))
  const others = Object.entries(declared).map(([name, { secret = false }]) => ({ name, value: config.others[name], secret }))
  return [...own, ...others].map(({ name, value, secret }) => ({
    name,
    value: secret && value !== undefined ? '(set)' : shown(value),
    origin: origins.get(name) ?? 'default',
  }))
}

function shown(value: unknown): string {
  if (value === undefined) return ''
  // An address may contain a password.
  return redactText(Array.isArray(value) ? value.join(',') : String(value))
}
