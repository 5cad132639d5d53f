import type { Principal } from '#access'
import type { Transaction } from '#db'
import type { JobHandler, Poller } from '#engine'
import type { Subscribers } from '#events'
import type { RetentionTask } from '#retention'
import type { CallingStep, FlowSecrets, ToolRunner, Tools } from '#tools'
import type { Parsed } from './definitions/index.ts'
import type { FlowWithVersion, ScheduleRow, VersionRow } from './definitions/flow-store.ts'
import type { SaveOptions } from './definitions/save.ts'
import type { Launcher } from './runs/launch.ts'
import type { RunFilter, RunRow } from './runs/run-store.ts'
import type { SavedStep } from './runs/step-store.ts'
import type { Ticker } from './triggers/ticker.ts'

export interface TriggerOptions {
  readonly parameters?: Record<string, unknown> | undefined
  /** Makes reads, and shows writes without making them. */
  readonly dryRun?: boolean | undefined
  /** Outputs by step path. A dry run uses them instead of running those steps. */
  readonly outputs?: Record<string, unknown> | undefined
  /** The step of a run that starts this one. */
  readonly from?: CallingStep | undefined
  /** More about what started the run, which its trigger shows. */
  readonly detail?: Record<string, unknown> | undefined
}

export interface DryRunOptions extends Pick<TriggerOptions, 'parameters' | 'outputs'> {
  readonly format?: 'yaml' | 'json' | undefined
  /** The id of an event that it runs for. */
  readonly event?: string | undefined
}

export interface RunDetail extends RunRow {
  readonly steps: readonly SavedStep[]
}

export interface RunDefinition extends Pick<RunRow, 'id' | 'flow' | 'flowId'> {
  readonly version: number | null
  readonly definition: object
}

/** Versioned definitions and their durable runs. */
export interface Flows extends AsyncDisposable {
  check(workspaceId: string, source: string, format?: 'yaml' | 'json'): Promise<Parsed>
  /** A new flow, or a new version of the one with this id. */
  save(principal: Principal, source: string, options?: SaveOptions): Promise<FlowWithVersion>
  setEnabled(principal: Principal, ref: string, enabled: boolean): Promise<FlowWithVersion>
  remove(principal: Principal, ref: string): Promise<void>
  /** Lets the flow run with the rights of the principal from now on. */
  adopt(principal: Principal, ref: string): Promise<FlowWithVersion>
  /** Why the flow does not run; null while it does. */
  blocked(flow: FlowWithVersion): Promise<string | null>
  list(workspaceId: string): Promise<FlowWithVersion[]>
  /** Stores the flows that come with the hub in a new workspace, in the transaction that creates it. */
  addBundled(trx: Transaction, workspaceId: string): Promise<void>
  /** Brings the flows that come with the hub up to date in every workspace. */
  installBundled(): Promise<void>
  get(workspaceId: string, ref: string): Promise<FlowWithVersion>
  /** A digest of the flow and of all flows that it runs, with who saved them; undefined without it. */
  digestOf(workspaceId: string, ref: string): Promise<string | undefined>
  versions(workspaceId: string, ref: string): Promise<VersionRow[]>
  /** When its schedules start it next, by the place of the trigger; those of a disabled flow do not. */
  schedules(flow: FlowWithVersion): Promise<Pick<ScheduleRow, 'place' | 'nextAt'>[]>

  /** Runs a text that is not saved as a dry run, with the rights of the principal. The run carries its definition. */
  dryRun(principal: Principal, source: string, options?: DryRunOptions): Promise<RunRow>
  trigger(principal: Principal, ref: string, options?: TriggerOptions): Promise<RunRow>
  runs(workspaceId: string, filter: RunFilter, page: { before?: string | undefined; limit: number }): Promise<RunRow[]>
  run(workspaceId: string, id: string): Promise<RunDetail>
  /** What the run carries out; the version is null where the flow was not saved. */
  definitionOf(workspaceId: string, id: string): Promise<RunDefinition>
  /** Whether the principal is one of those who caused the run. */
  isCausedBy(principal: Principal, id: string): Promise<boolean>
  /** Returns the run when it has ended, or its current state at the timeout. */
  wait(workspaceId: string, id: string, timeoutMs: number, signal?: AbortSignal): Promise<RunRow>
  cancel(principal: Principal, id: string): Promise<RunRow>
  /** Continues from the step that failed. */
  retry(principal: Principal, id: string): Promise<RunRow>
  /** Runs again from the start with the same parameters and event. A dry run reuses the recorded outputs. */
  replay(
    principal: Principal,
    id: string,
    options?: { version?: 'same' | 'latest' | undefined; dryRun?: boolean | undefined },
  ): Promise<RunRow>

  /** What is secret among the parameters of flows, for the calls that start them. */
  readonly secrets: FlowSecrets

  /** Continues waiting runs in the caller's transaction, because something that they wait for has happened. */
  readonly wake: Launcher['wake']
  readonly runTool: ToolRunner<'flow'>
  /** Checks once for everything that may be due. */
  readonly tick: Ticker['tick']

  readonly subscribers: Subscribers
  /** Executes runs, whose steps call tools. */
  jobs(tools: Tools): Readonly<Record<string, JobHandler>>
  readonly pollers: readonly Poller[]
  readonly retention: readonly RetentionTask[]
}
