import type { RunsGetOutput } from './generated/types.ts'

/** Where in a request the fields of an input stand. What is in no list is in the body, or in the query of a method without one. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query: readonly string[]
  /** Fields by header. */
  readonly headers: Readonly<Record<string, string>>
  /** The field that makes a request repeatable. */
  readonly key?: string
}

export interface HubSettings {
  /** Such as https://hub.example.com. */
  readonly url: string
  /** A token of the hub, or a function that returns one for each request. */
  readonly token: string | (() => string | Promise<string>)
  /** For tokens that reach several workspaces. */
  readonly workspace?: string
  /** How often a request is repeated that failed and may be repeated: 3 by default. */
  readonly retries?: number
  /** How long one request may take: 130 seconds by default, because the longest tool call takes 120. */
  readonly timeoutMs?: number
  /** Another function than the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** For one call. */
export interface Options {
  readonly signal?: AbortSignal | undefined
  readonly retries?: number | undefined
  /** Of a stream: how long it may say nothing; 45 seconds by default, and the hub sends a sign of life every 15. */
  readonly timeoutMs?: number | undefined
}

type Step = Omit<RunsGetOutput['steps'][number], 'input' | 'output'>
type Run = Omit<RunsGetOutput, 'steps' | 'parameters' | 'outputs'>

/** A change of a run: its own state, or that of a step. The id is where `after` continues. */
export type RunEvent =
  | { readonly id: string; readonly event: 'run'; readonly data: Run }
  | { readonly id: string; readonly event: 'step'; readonly data: Step }

/** What the functions of the operations are made of. */
export interface Transport {
  send<Output>(route: Route, input?: object, options?: Options): Promise<Output>
  watch(route: Route, input?: object, options?: Options): AsyncGenerator<RunEvent, void>
}
