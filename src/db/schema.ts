import type { ColumnType, Generated } from 'kysely'

/** The types of the tables that `migrations/*.sql` creates. A test compares the two. */

type Json<T> = ColumnType<T, string, string>
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>
type Made = ColumnType<Date, never, never>

export interface Schema {
  workspaces: {
    id: string
    /** The small number that the seeds call `project_id`. */
    number: ColumnType<number, never, never>
    name: string
    created_at: Made
  }
  tokens: {
    id: string
    workspace_id: string
    name: string
    prefix: string
    hash: Buffer
    scopes: string[]
    read_only: boolean
    expires_at: Date | null
    last_used_at: Date | null
    revoked_at: Date | null
    created_by: string
    created_at: Made
  }
  audit: {
    workspace_id: string
    seq: number
    at: Date
    actor: string
    action: string
    subject: string
    detail: Json<Record<string, unknown>>
    prev_hash: string
    hash: string
  }
  audit_heads: {
    workspace_id: string
    seq: number
    hash: string
  }
  credentials: {
    id: string
    workspace_id: string
    name: string
    kind: string | null
    key_id: string
    sealed: Json<Record<string, string>>
    version: Generated<number>
    created_at: Made
    updated_at: Generated<Date>
  }
  executors: {
    id: string
    lock_id: ColumnType<number, bigint, never>
    host: string
    pid: number
    started_at: Made
  }
  jobs: {
    id: string
    handler: string
    input: Json<unknown>
    executor_id: string | null
    claimed_at: Date | null
    interruptions: Generated<number>
    progress: Generated<number>
    interrupted_at: Date | null
    created_at: Made
  }
  integrations: {
    id: string
    workspace_id: string
    name: string
    connector: string
    auth_type: string
    credential: string | null
    config: Json<Record<string, unknown>>
    enabled: Generated<boolean>
    status: Generated<string>
    origin: string
    success_count: Generated<number>
    error_count: Generated<number>
    consecutive_errors: Generated<number>
    last_error: NullableJson<Record<string, unknown>>
    last_error_at: Date | null
    last_success_at: Date | null
    webhook_credential: string | null
    created_at: Made
    updated_at: Generated<Date>
  }
  invocations: {
    id: string
    workspace_id: string
    tool: string
    connector: string
    effect: string
    integration_id: string | null
    integration: string | null
    transport: string
    actor: string
    key: string | null
    digest: string
    status: string
    input: NullableJson<unknown>
    output: NullableJson<unknown>
    error: NullableJson<Record<string, unknown>>
    attempts: Generated<number>
    executor_id: string
    started_at: Date
    finished_at: Date | null
  }
  rate_limits: {
    integration_id: string
    window_start: Date
    used: number
    paused_until: Date | null
  }
  policies: {
    workspace_id: string
    rules: Json<unknown[]>
    updated_at: Generated<Date>
  }
  events: {
    id: string
    workspace_id: string
    type: string
    connector: string
    integration_id: string | null
    integration: string | null
    dedupe_key: string | null
    dedupe: Buffer | null
    delivery_id: string | null
    verified: boolean
    status: Generated<string>
    problem: string | null
    subject: string | null
    headers: NullableJson<Record<string, unknown>>
    body: Buffer | null
    data: NullableJson<unknown>
    transform: string | null
    replays: Generated<number>
    received_at: Date
  }
  event_queue: {
    seq: ColumnType<number, never, never>
    workspace_id: string
    event_id: string
    whole: Generated<boolean>
  }
  subscriptions: {
    id: string
    workspace_id: string
    kind: string
    target: string
    types: string[]
    filter: string | null
    ordered: Generated<boolean>
    detail: NullableJson<Record<string, unknown>>
    enabled: Generated<boolean>
    problem: string | null
    created_at: Made
  }
  event_effects: {
    workspace_id: string
    event_id: string
    subscription_id: string
    replay: number
    kind: string
    target: string
    effect_id: string
    at: Made
  }
  webhook_rejections: {
    hook: string
    reason: string
    minute: Date
    workspace_id: string | null
    connector: string | null
    address: string
    count: number
    last_at: Date
  }
  webhook_sources: {
    integration_id: string
    hook: string
    workspace_id: string
    last_at: Date
    checked_at: Date | null
    missing: Generated<number>
  }
  endpoints: {
    id: string
    workspace_id: string
    url: string
    description: string | null
    transform: string | null
    credential: string
    signature: Generated<string>
    public_key: string | null
    enabled: Generated<boolean>
    disabled_reason: string | null
    disabled_at: Date | null
    failing_since: Date | null
    consecutive_failures: Generated<number>
    paused_until: Date | null
    probe_at: Date | null
    created_at: Made
    updated_at: Generated<Date>
  }
  deliveries: {
    id: string
    workspace_id: string
    endpoint_id: string
    event_id: string
    event_type: string
    event: string
    replay: Generated<number>
    order_key: string | null
    seq: ColumnType<number, never, never>
    status: Generated<string>
    attempts: Generated<number>
    uncounted: Generated<number>
    next_at: Generated<Date>
    leased_until: Date | null
    last_status: number | null
    last_error: string | null
    created_at: Made
    finished_at: Date | null
  }
  delivery_attempts: {
    delivery_id: string
    number: number
    at: Date
    ms: number
    request: Json<Record<string, unknown>>
    response: NullableJson<Record<string, unknown>>
    error: string | null
  }
  retention: {
    workspace_id: string
    events_days: number | null
    events_bytes: number | null
    deliveries_days: number | null
    runs_days: number | null
    updated_at: Generated<Date>
  }
  flows: {
    id: string
    workspace_id: string
    name: string
    version: number
    enabled: boolean
    origin: string
    actor: string
    scopes: string[]
    read_only: boolean
    created_at: Made
    updated_at: Generated<Date>
  }
  flow_versions: {
    flow_id: string
    version: number
    workspace_id: string
    definition: Json<Record<string, unknown>>
    source: string
    digest: string
    actor: string
    created_at: Made
  }
  flow_runs: {
    id: string
    workspace_id: string
    flow_id: string
    flow: string
    version: number
    status: string
    trigger: Json<Record<string, unknown>>
    event_id: string | null
    parameters: Json<Record<string, unknown>>
    outputs: NullableJson<unknown>
    error: NullableJson<Record<string, unknown>>
    actor: string
    scopes: string[]
    read_only: boolean
    dry_run: Generated<boolean>
    replay_of: string | null
    parent_run: string | null
    parent_path: string | null
    depth: Generated<number>
    concurrency_key: string | null
    segment: Generated<number>
    wake_requested: Generated<boolean>
    cancelling: Generated<boolean>
    wake_at: Date | null
    deadline_at: Date | null
    created_at: Date
    started_at: Date | null
    finished_at: Date | null
  }
  flow_steps: {
    run_id: string
    path: string
    step: string
    kind: string
    status: string
    input: NullableJson<unknown>
    output: NullableJson<unknown>
    error: NullableJson<Record<string, unknown>>
    attempts: Generated<number>
    key_no: Generated<number>
    invocation_id: string | null
    until: Date | null
    started_at: Date
    finished_at: Date | null
  }
  flow_schedules: {
    flow_id: string
    place: number
    cron: string
    timezone: string
    missed: string
    parameters: Json<Record<string, unknown>>
    next_at: Date | null
  }
  approvals: {
    id: string
    workspace_id: string
    status: Generated<string>
    message: string
    deciders: string[] | null
    call: NullableJson<Record<string, unknown>>
    call_digest: string | null
    run_id: string | null
    path: string | null
    asked_by: string
    decided_by: string | null
    comment: string | null
    used_key: string | null
    used_at: Date | null
    expires_at: Date
    created_at: Made
    decided_at: Date | null
  }
}
