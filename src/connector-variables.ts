import type { Connector, EnvironmentVariable } from '#kit'

type Environment = Readonly<Record<string, string | undefined>>

/** The environment variables that connectors declare, in the order of the connectors. */
export function declaredVariables(connectors: readonly Connector[]): Readonly<Record<string, EnvironmentVariable>> {
  return Object.assign({}, ...connectors.map(({ environment = {} }) => environment)) as Record<string, EnvironmentVariable>
}

/** Only the declared variables: a connector cannot read the rest of the environment. */
export function declaredValues(connectors: readonly Connector[], env: Environment): Environment {
  return Object.fromEntries(Object.keys(declaredVariables(connectors)).map((name) => [name, env[name]]))
}

/** Hosts that the operator named in the environment. They may be private, because they do not come from a user. */
export function operatorHosts(connectors: readonly Connector[], env: Environment): string[] {
  return Object.entries(declaredVariables(connectors)).flatMap(([name, { names }]) => {
    const value = env[name]
    if (value === undefined || names === undefined) return []
    if (names === 'host') return value
    return URL.canParse(value) ? new URL(value).hostname.replaceAll(/[[\]]/g, '') : []
  })
}
