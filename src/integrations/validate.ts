import { hubError } from '#errors'
import { fitCredential, type AuthMethod, type Connector, type CredentialValues } from '#kit'

/** A stored credential by its name, or values. */
export type CredentialInput = string | CredentialValues

export function authMethodOf(connector: Connector, type: string): AuthMethod {
  const method = connector.auth.find((candidate) => candidate.type === type)
  if (method) return method
  const known = connector.auth.map((candidate) => candidate.type).join(', ')
  throw hubError('invalid_input', { errors: [{ path: 'auth_type', message: `${connector.title} accepts ${known}, not "${type}"` }] })
}

/** Checks what a schema cannot: that an expression parses, that a webhook scheme verifies something. */
export type CheckConfig = (connector: Connector, config: Readonly<Record<string, unknown>>) => readonly { path: string; message: string }[]

export function checkConfig(connector: Connector, config: Record<string, unknown>, check: CheckConfig): Record<string, unknown> {
  const parsed = connector.config.strict().safeParse(config)
  if (parsed.success) {
    const errors = check(connector, parsed.data)
    if (errors.length > 0) throw hubError('invalid_input', { errors: [...errors] })
    return parsed.data
  }
  throw hubError('invalid_input', {
    errors: parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ path: `config.${key}`, message: `is not a setting of ${connector.name}` }))
        : [{ path: ['config', ...issue.path].join('.'), message: issue.message }],
    ),
  })
}

/** Returns the values under the method's own field names. The error names missing fields, never values. */
export function credentialDataOf(method: AuthMethod, values: CredentialValues): CredentialValues {
  const fitted = fitCredential(method, values)
  if (fitted) return fitted
  const needed = Object.keys(method.fields.shape)
  throw hubError('invalid_input', {
    errors: [
      {
        path: 'credential',
        message: `${method.type} needs the fields ${needed.join(', ')}; given: ${Object.keys(values).join(', ') || 'none'}`,
      },
    ],
  })
}
