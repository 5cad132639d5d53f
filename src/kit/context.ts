import type { Http, Log } from '#http'
import type { CredentialValues } from './auth.ts'

/** Everything one call of an action may use. Nothing else of the hub is within reach. */
export interface ActionContext<Input = unknown, Config = Record<string, unknown>> {
  readonly input: Input
  readonly config: Config
  readonly http: Http
  /** For systems that do not speak HTTP. HTTP connectors never need it: `http` has it applied. */
  readonly credential: CredentialValues
  /** The caller's key, for systems that take one. */
  readonly idempotencyKey: string | undefined
  readonly signal: AbortSignal
  /** Whose call it is: for tools that act on the hub itself. */
  readonly workspaceId: string
  readonly logger: Log
  /** Address of a host that is not spoken to by `http`, checked as `http` checks: private ones only where the operator allows. */
  resolve(host: string): Promise<string>
  /** Something that outlives the call, such as a pool of connections: one per integration, disposed when it changes or the hub stops. */
  keep<T extends AsyncDisposable>(key: string, make: () => T): T
  /**
   * Wraps an effect that does not go through `http`: in a dry run `preview` is shown and `work` is not run; otherwise what fails after
   * `work` began counts as sent.
   */
  send<T>(preview: Record<string, unknown>, work: () => Promise<T>): Promise<T>
}
