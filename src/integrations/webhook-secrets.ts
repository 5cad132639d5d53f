import { hubError, type FieldError } from '#errors'
import type { Connector, CredentialValues } from '#kit'
import type { IntegrationRow } from './store.ts'

/** A shorter secret can be guessed by trying. Secrets that are stored already are still accepted from senders. */
export const shortestWebhookSecret = 16

/** The fields of a credential that verify deliveries; all of them where the whole credential does. */
type SecretFields = readonly string[] | 'all'

/** Refuses secrets of webhooks that are too short; `at` is where in the request the fields stand. */
export function requireLongSecrets(fields: SecretFields, values: CredentialValues, at: string): void {
  const errors = Object.entries(values).flatMap(([field, value]): FieldError[] => {
    if ((fields !== 'all' && !fields.includes(field)) || typeof value !== 'string' || value === '') return []
    return value.length < shortestWebhookSecret ? [{ path: `${at}.${field}`, message: tooShort }] : []
  })
  if (errors.length > 0) throw hubError('invalid_input', { detail: 'the secret of a webhook is too short', errors })
}

const tooShort = `is the secret of a webhook and must have ${shortestWebhookSecret} characters or more`

/** Checks a `webhook_secret` of the config, which null removes. */
export function requireWebhookSecret({ title, webhook }: Connector, secret: unknown): asserts secret is string | null | undefined {
  if (secret === undefined || secret === null) return
  if (typeof secret === 'string' && secret.length >= shortestWebhookSecret && webhook) return
  const message = webhook ? tooShort : `${title} sends no webhooks`
  throw hubError('invalid_input', { errors: [{ path: 'config.webhook_secret', message }] })
}

/** Which fields of the credential of this name verify deliveries, to one of these integrations or by its well-known name. */
export function webhookFieldsOf(name: string, connectors: readonly Connector[], rows: readonly IntegrationRow[]): SecretFields {
  if (connectors.some(({ webhook }) => webhook?.secretCredentials.includes(name))) return 'all'
  if (rows.some(({ webhookCredential }) => webhookCredential === name)) return 'all'
  const users = new Set(rows.filter(({ credential }) => credential === name).map(({ connector }) => connector))
  return connectors.filter((connector) => users.has(connector.name)).flatMap(({ webhook }) => webhook?.secretFields ?? [])
}
