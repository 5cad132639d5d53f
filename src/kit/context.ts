import type { Http, Log } from '#http'
import type { WebhookTarget } from './webhook/target.ts'
import type { CredentialValues } from './credential-values.ts'

/** Everything that a call of an action may use. An action has no other access to the hub. */
export interface ActionContext<Input = unknown, Config = Record<string, unknown>> {
  readonly input: Input
  readonly config: Config
  readonly http: Http
  /** For systems without an HTTP API. HTTP connectors do not need it, because `http` adds it to requests. */
  readonly credential: CredentialValues
  /** The caller's key, or the id of the call, for systems that recognise a repetition by something else than a header. */
  readonly idempotencyKey: string
  readonly signal: AbortSignal
  /** The caller's workspace, for tools that act on the hub itself. */
  readonly workspaceId: string
  readonly logger: Log
  /** Tells a caller that waits how far the call has come. `done` has to grow. */
  progress(done: number, total?: number): void
  /** For the setup of a webhook: where it goes. Undefined in every other call. */
  readonly target?: WebhookTarget | undefined
  /** Resolves a host for connections outside `http`. The same rules apply: private addresses only if the operator allows them. */
  resolve(host: string): Promise<string>
  /** Returns an object that is kept between calls, such as a connection pool. There is one per integration; it is disposed when the integration changes or the hub stops. */
  keep<T extends AsyncDisposable>(key: string, make: () => T): T
  /**
   * Wraps a write that does not use `http`. A dry run returns `preview` and does not run `work`. In any other run, an error during `work`
   * means that the outcome is unknown.
   */
  send<T>(preview: Record<string, unknown>, work: () => Promise<T>): Promise<T>
}
