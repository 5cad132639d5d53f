import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scopes } from '#access'
import { isSecretSetting, settings, settingNames, type SettingName } from '#config'
import { connectors } from '#connectors'
import { errorCatalogue } from '#errors'
import { declaredVariables } from '../src/connector-variables.ts'

/**
 * Generates the parts of the pages that describe settings, scopes and errors from the code. A test compares them, so that neither can change
 * without the other.
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

This page lists every error that the hub returns. \`npm run docs\` generates it from \`src/errors/index.ts\`. A running hub shows the same list at \`/docs/errors\`.

Over HTTP an error is a problem document (\`application/problem+json\`, RFC 9457):

- Always present: \`type\`, \`title\`, \`status\`, \`code\`, \`kind\`, \`detail\`, \`retryable\` and \`request_id\`.
- Present when known: \`hint\` (what to do), \`retry_after\` (seconds) and \`errors\` (a list of problems, each with a \`path\` and a \`message\`).

In a program, decide by \`code\`. To a person, show \`detail\`. When you ask for help, quote \`request_id\`: the log of the hub contains more details under this id.

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
    return { name, description, secret: isSecretSetting(name), preset: defaultOf(name) }
  })

const connectorVariables = (): DocumentedVariable[] =>
  Object.entries(declaredVariables(connectors)).map(([name, { description, secret = false }]) => ({ name, description, secret }))

function settingsTable(): string {
  const rows = [...ownSettings(), ...connectorVariables()].map(
    ({ name, description, secret, preset }) =>
      `| \`${name}\` | ${preset === undefined ? '' : `\`${preset}\``} | ${description}${secret ? ' *Secret.*' : ''} |`,
  )
  return `| setting | default | description |\n|---|---|---|\n${rows.join('\n')}`
}

function scopesTable(): string {
  const rows = Object.entries(scopes).map(([scope, what]) => `| \`${scope}\` | ${what} |`)
  return `| scope | allows |\n|---|---|\n${rows.join('\n')}`
}

function envExample(): string {
  const entry = ({ name, description, preset = '' }: DocumentedVariable): string => `# ${description}\n#${name}=${preset}\n`
  const heading = '# Outside systems. At start the hub creates an integration for each system whose variables are set.\n'
  const entries = [...ownSettings().map(entry), heading, ...connectorVariables().map(entry)]
  return `# Copy this file to .env, and remove the # before each setting that you set. Environment variables take precedence over .env. An empty value is
# the same as an unset one. \`npm run docs\` generates this file from src/config.ts and the connectors. \`bin/hub config\` shows the current settings.

${entries.join('\n')}`
}

function defaultOf(name: SettingName): string | undefined {
  const found = settings.shape[name].safeParse(undefined)
  return found.success && found.data !== undefined && !Array.isArray(found.data) ? String(found.data) : undefined
}

function between(file: string, mark: string, content: string): string {
  const text = readFileSync(join(home, file), 'utf8')
  const [begin, end] = [`<!-- ${mark}: written by npm run docs -->`, `<!-- /${mark} -->`]
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)]
  if (start < 0 || stop < start) throw new Error(`${file} does not contain the markers for ${mark}`)
  return `${text.slice(0, start + begin.length)}\n${content}\n${text.slice(stop)}`
}

if (import.meta.main) {
  for (const [file, make] of Object.entries(generated)) writeFileSync(join(home, file), make())
}
