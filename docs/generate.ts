import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scopes } from '#access'
import { isSecretSetting, settings, settingNames, type SettingName } from '#config'
import { connectors } from '#connectors'
import { errorCatalogue } from '#errors'
import { declaredVariables } from '../src/connector-variables.ts'

/**
 * What the pages say of settings and errors is written from the code: `npm run docs`. A test compares, so that neither can change alone.
 */
const home = join(import.meta.dirname, '..')

export const generated: Readonly<Record<string, () => string>> = {
  'docs/errors.md': errorsPage,
  'docs/operate.md': () => between('docs/operate.md', 'settings', settingsTable()),
  'docs/security.md': () => between('docs/security.md', 'scopes', scopesTable()),
  '.env.example': envExample,
}

function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, kind, retryable, title }]) =>
      `| <a id="${code}"></a>\`${code}\` | ${status} | ${kind} | ${retryable ? 'yes' : 'no'} | ${title} |`,
  )
  return `# Errors

Every error the hub answers with, written from \`src/kit/errors.ts\` by \`npm run docs\`. A running hub shows the same at \`/docs/errors\`.

Over HTTP an error is \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\`, \`code\`, \`kind\`, \`detail\`, \`retryable\`, \`request_id\`,
and where there is more to say \`hint\`, \`retry_after\` (seconds) and \`errors\` (a \`path\` and a \`message\` for each place). Decide on \`code\`, show \`detail\`,
quote \`request_id\` when you ask for help: the log has the rest under it.

| code | status | kind | retryable | meaning |
|---|---|---|---|---|
${rows.join('\n')}
`
}

interface DocumentedVariable {
  readonly name: string
  readonly description: string
  readonly secret: boolean
  readonly preset?: string | undefined
}

const ownSettings = (): DocumentedVariable[] =>
  settingNames.map((name) => {
    const { description = '' } = settings.shape[name]
    return { name, description, secret: isSecretSetting(name), preset: presetOf(name) }
  })

const connectorVariables = (): DocumentedVariable[] =>
  Object.entries(declaredVariables(connectors)).map(([name, { description, secret = false }]) => ({ name, description, secret }))

function settingsTable(): string {
  const rows = [...ownSettings(), ...connectorVariables()].map(
    ({ name, description, secret, preset }) =>
      `| \`${name}\` | ${preset === undefined ? '' : `\`${preset}\``} | ${description}${secret ? ' *Secret.*' : ''} |`,
  )
  return `| setting | default | what |\n|---|---|---|\n${rows.join('\n')}`
}

function scopesTable(): string {
  const rows = Object.entries(scopes).map(([scope, what]) => `| \`${scope}\` | ${what} |`)
  return `| scope | may |\n|---|---|\n${rows.join('\n')}`
}

function envExample(): string {
  const entry = ({ name, description, preset = '' }: DocumentedVariable): string => `# ${description}\n#${name}=${preset}\n`
  const heading = '# Outside systems. If they are set, the hub creates an integration of that name at start.\n'
  const entries = [...ownSettings().map(entry), heading, ...connectorVariables().map(entry)]
  return `# Copy to .env and take away the # before what you set. The environment wins over this file; an empty value is an unset one.
# Written from src/config.ts and the connectors by \`npm run docs\`. \`bin/hub config\` shows what is in force.

${entries.join('\n')}`
}

function presetOf(name: SettingName): string | undefined {
  const found = settings.shape[name].safeParse(undefined)
  return found.success && found.data !== undefined && !Array.isArray(found.data) ? String(found.data) : undefined
}

function between(file: string, mark: string, content: string): string {
  const text = readFileSync(join(home, file), 'utf8')
  const [begin, end] = [`<!-- ${mark}: written by npm run docs -->`, `<!-- /${mark} -->`]
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)]
  if (start < 0 || stop < start) throw new Error(`${file} has no place marked for ${mark}`)
  return `${text.slice(0, start + begin.length)}\n${content}\n${text.slice(stop)}`
}

if (import.meta.main) {
  for (const [file, make] of Object.entries(generated)) writeFileSync(join(home, file), make())
}
