import { hubError, type FieldError } from '#errors'
import type { Connector } from '#kit'
import type { CredentialInput } from './validate.ts'

type Values = Exclude<CredentialInput, string>

interface Request {
  readonly credential?: CredentialInput | undefined
  readonly config?: Record<string, unknown> | undefined
}

/**
 * A request whose settings and credential values may also stand beside each other, as in `{base_url, username, api_token}`: the connector tells
 * which is which. Fields that it does not know, and those that are given twice, are refused by name.
 */
export function withFlatSettings(connector: Connector, request: Request, flat: Readonly<Record<string, unknown>>): Request {
  const config: Record<string, unknown> = {}
  const values: Record<string, Values[string]> = {}
  const errors: FieldError[] = []
  for (const [name, value] of Object.entries(flat)) {
    if (isSetting(connector, name)) {
      if (request.config && name in request.config)
        errors.push({ path: name, message: 'cannot be combined with the same field of `config`' })
      config[name] = value
    } else if (!isCredentialField(connector, name)) errors.push({ path: name, message: 'is not a known field' })
    else if (request.credential !== undefined) errors.push({ path: name, message: 'cannot be combined with `credential`' })
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') values[name] = value
    else errors.push({ path: name, message: 'must be a text, a number or a boolean' })
  }
  if (errors.length > 0) throw hubError('invalid_input', { errors })
  return {
    credential: Object.keys(values).length > 0 ? values : request.credential,
    config: Object.keys(config).length > 0 ? { ...config, ...request.config } : request.config,
  }
}

/** `webhook_secret` stands with the settings, unless the credential of the connector is that secret. */
function isSetting(connector: Connector, name: string): boolean {
  if (Object.hasOwn(connector.config.shape, name)) return true
  return name === 'webhook_secret' && !isCredentialField(connector, name)
}

function isCredentialField({ auth }: Connector, name: string): boolean {
  return auth.some(({ fields, aliases }) => Object.hasOwn(fields.shape, name) || Object.hasOwn(aliases, name))
}
