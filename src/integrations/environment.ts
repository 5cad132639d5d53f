import { hubError } from '#errors'
import { fitCredential, type AuthMethod, type Connector, type CredentialValues, type EnvironmentVariables } from '#kit'

type Config = Readonly<Record<string, unknown>>

/** An integration that environment variables describe completely. */
export interface Preset {
  readonly method: AuthMethod
  readonly credential: CredentialValues
  /** The config of its integration: what the variables say, and from an earlier config what no variable is for. */
  configAfter(earlier: Config): Record<string, unknown>
}

/** What the environment says of the default workspace. It says nothing of other workspaces. */
export interface HomeEnvironment {
  /** The id of the default workspace. */
  readonly workspaceId: string | undefined
  /** The complete integration of a connector; undefined where variables are missing. Throws if a value is not valid. */
  preset(connector: Connector): Preset | undefined
  /** Settings, completed with those of the environment that they leave out. Throws nothing: the result may not fit. */
  complete(workspaceId: string, connector: Connector, given: Config): Record<string, unknown>
  /** The secret that the connector's webhooks are signed with. */
  webhookSecret(workspaceId: string, connector: Connector): string | undefined
}

export function createHomeEnvironment(workspaceId: string | undefined, environment: EnvironmentVariables): HomeEnvironment {
  const saidOf = (connector: Connector): Config => connector.fromEnvironment?.(environment)?.config ?? {}
  const configOf = (connector: Connector): Config => withoutUnset(saidOf(connector))
  return {
    workspaceId,
    preset(connector) {
      const given = connector.fromEnvironment?.(environment)?.credential
      if (!given) return undefined
      const values = withoutUnset(given)
      const method = connector.auth.find((candidate) => fitCredential(candidate, values))
      const credential = method && fitCredential(method, values)
      if (!credential) return undefined
      const config = configOf(connector)
      const parsed = connector.config.safeParse(config)
      if (parsed.success) {
        const configAfter = (earlier: Config): Record<string, unknown> => {
          const kept = Object.entries(earlier).filter(([setting]) => !Object.hasOwn(saidOf(connector), setting))
          const merged = connector.config.safeParse({ ...Object.fromEntries(kept), ...config })
          return merged.success ? merged.data : parsed.data
        }
        return { method, credential, configAfter }
      }
      const wrong = parsed.error.issues.filter(({ path: [setting] }) => String(setting) in config)
      if (wrong.length > 0) {
        const problems = wrong.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')
        throw hubError('invalid_input', { detail: `what the environment variables say of ${connector.title} is not valid: ${problems}` })
      }
      return undefined
    },
    complete(of, connector, given) {
      const own = configOf(connector)
      if (of !== workspaceId || namesOtherPlace(connector, own, given)) return { ...given }
      return { ...own, ...given }
    },
    webhookSecret(of, { webhook }) {
      return of === workspaceId && webhook?.secretVariable ? environment[webhook.secretVariable] || undefined : undefined
    },
  }
}

/** Without a base URL, the settings together name a server, such as host and port: those of two servers are not mixed. */
function namesOtherPlace({ baseUrl }: Connector, environment: Config, given: Config): boolean {
  if (baseUrl) return false
  return Object.entries(environment).some(([setting, value]) => setting in given && String(given[setting]) !== String(value))
}

/** Without the values of variables that are not set, or empty. */
function withoutUnset<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])))
}
