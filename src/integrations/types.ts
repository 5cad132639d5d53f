import type { Connector, EnvironmentVariables } from '#kit'
import type { CheckConfig } from './validate.ts'

export interface IntegrationsOptions {
  readonly connectors: readonly Connector[]
  /** The values of the variables that connectors declare. */
  readonly environment: EnvironmentVariables
  readonly ratePerMinute: number
  readonly check?: CheckConfig
}
