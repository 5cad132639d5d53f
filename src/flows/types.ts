import type { Principal } from '#access'
import type { Engine, EngineOptions, RunFunction } from '#engine'
import type { Parsed } from './definitions/index.ts'
import type { FlowWithVersion, VersionRow } from './definitions/flow-store.ts'
import type { SaveOptions } from './definitions/save.ts'
import type { RunFilter, RunRow } from './runs/run-store.ts'
import type { SavedStep } from './runs/step-store.ts'
import type { Ticker } from './triggers/ticker.ts'

export interface TriggerOptions {
  readonly parameters?: Record<string, unknown> | undefined
  /** Does what looks, shows what would be written. */
  readonly dryRun?: boolean | undefined
  /** Outputs by path, which a dry run takes instead of doing those steps. */
  readonly outputs?: Record<string, unknown> | undefined
}

export interface RunDetail extends RunRow {
  readonly steps: readonly SavedStep[]
}

/** Versioned definitions, and their durable runs. */
export interface Flows extends AsyncDisposable {
  check(workspaceId: string, source: string, format?: 'yaml' | 'json'): Promise<Parsed>
  /** A new flow, or a new version of the one with this id. */
  save(principal: Principal, source: string, options?: SaveOptions): Promise<FlowWithVersion>
  setEnabled(principal: Principal, ref: string, enabled: boolean): Promise<FlowWithVersion>
  remove(principal: Principal, ref: string): Promise<void>
  list(workspaceId: string): Promise<FlowWithVersion[]>
  get(workspaceId: string, ref: string): Promise<FlowWithVersion>
  versions(workspaceId: string, ref: string): Promise<VersionRow[]>

  trigger(principal: Principal, ref: string, options?: TriggerOptions): Promise<RunRow>
  /** The same on the hub's own account: a tool was called, which has been checked. */
  launch(
    workspaceId: string,
    ref: string,
    options: TriggerOptions & { readonly trigger: Record<string, unknown> & { readonly kind: string } },
  ): Promise<RunRow>
  runs(workspaceId: string, filter: RunFilter, page: { before?: string | undefined; limit: number }): Promise<RunRow[]>
  run(workspaceId: string, id: string): Promise<RunDetail>
  /** The run when it is over, or as it is when the time is up. */
  wait(workspaceId: string, id: string, timeoutMs: number, signal?: AbortSignal): Promise<RunRow>
  cancel(principal: Principal, id: string): Promise<RunRow>
  /** From the step that failed. */
  retry(principal: Principal, id: string): Promise<RunRow>
  /** Once more from the start, with the same parameters and event: by its own version or the latest; dry, with the outputs of then. */
  replay(
    principal: Principal,
    id: string,
    options?: { version?: 'same' | 'latest' | undefined; dryRun?: boolean | undefined },
  ): Promise<RunRow>

  /** What the engine has to know. */
  readonly engine: { readonly runs: Readonly<Record<string, RunFunction>> } & Pick<EngineOptions, 'progress' | 'onParked'>
  attach(engine: Engine): void
  /** Begins to start and take up runs when it is time. */
  start(): void
  readonly tick: Ticker['tick']
}
