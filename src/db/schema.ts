import type { ColumnType, Generated } from 'kysely'

/** The tables as TypeScript sees them; `migrations/*.sql` makes them. Changed together, and a test compares the two. */

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
    left_at: Date | null
  }
  take_overs: {
    run_id: string
    count: number
    steps: number
    at: Date
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
    door: string
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
}
