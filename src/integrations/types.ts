import type { Connector, EnvironmentVariables } from '#kit'
import type { Egress } from '#http'
import type { CheckConfig, CredentialInput } from './validate.ts'

export interface IntegrationsOptions {
  readonly connectors: readonly Connector[]
  /** The values of the variables that connectors declare. */
  readonly environment: EnvironmentVariables
  readonly ratePerMinute: number
  /** Through what integrations of the demo reach the demo systems of a workspace. */
  readonly demoEgress: (workspaceId: string) => Egress
  readonly check?: CheckConfig
  /** Whether this is the hub that serves, and not a command, which may run without the hub's variables. */
  readonly isServing: boolean
}

export interface NewIntegrationRequest {
  readonly name?: string | undefined
  readonly connector: string
  readonly authType?: string | undefined
  /** A stored credential by name, or the values of a new one. */
  readonly credential?: CredentialInput | undefined
  readonly config?: Record<string, unknown> | undefined
  readonly enabled?: boolean | undefined
  /** It reaches the demo systems of its workspace, and nothing else. */
  readonly isDemo?: boolean | undefined
  /** The user of an application, whose account this is. */
  readonly externalUser?: string | undefined
}

export interface IntegrationChanges {
  readonly name?: string | undefined
  readonly authType?: string | undefined
  readonly credential?: CredentialInput | undefined
  /** Settings to change. The others keep their values, and null removes one. */
  readonly config?: Record<string, unknown> | undefined
  readonly enabled?: boolean | undefined
  readonly status?: 'active' | 'inactive' | undefined
}
