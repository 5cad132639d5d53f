import { sql as raw } from 'kysely'
import { oneOf, type Row, type Sql } from '#db'
import type { TraceRights } from './types.ts'

/** Reads of one workspace. Each takes the ids of what caused the rows, and gives at most `limit`, the failed ones first. */
export interface TraceReads {
  readonly sql: Sql
  readonly workspaceId: string
  readonly limit: number
  readonly rights: TraceRights
}

export type EventNode = Pick<Row<'events'>, 'id' | 'type' | 'status' | 'problem' | 'subject' | 'integration' | 'receivedAt'> & {
  readonly emittedBy: string | null
  readonly emittedAt: string | null
}
export type RunNode = Pick<
  Row<'flowRuns'>,
  | 'id'
  | 'flow'
  | 'version'
  | 'status'
  | 'trigger'
  | 'eventId'
  | 'parentRun'
  | 'parentPath'
  | 'error'
  | 'wakeAt'
  | 'createdAt'
  | 'startedAt'
  | 'finishedAt'
>
export type StepNode = Pick<
  Row<'flowSteps'>,
  'runId' | 'path' | 'step' | 'kind' | 'status' | 'error' | 'attempts' | 'invocationId' | 'until' | 'startedAt' | 'finishedAt'
>
export type CallNode = Pick<
  Row<'invocations'>,
  | 'id'
  | 'tool'
  | 'integration'
  | 'status'
  | 'error'
  | 'attempts'
  | 'runId'
  | 'step'
  | 'approvalId'
  | 'requests'
  | 'startedAt'
  | 'finishedAt'
>
export type ApprovalNode = Pick<Row<'approvals'>, 'id' | 'message' | 'status' | 'runId' | 'path' | 'createdAt' | 'decidedAt' | 'expiresAt'>
export type DeliveryNode = Pick<
  Row<'deliveries'>,
  'id' | 'eventId' | 'endpointId' | 'status' | 'attempts' | 'lastStatus' | 'lastError' | 'nextAt' | 'createdAt' | 'finishedAt'
>

const eventFields = raw<EventNode>`id, type, status, problem, subject, integration, received_at,
  case when body is null then headers ->> 'hub-run' end as emitted_by, case when body is null then headers ->> 'hub-step' end as emitted_at`

export async function eventsById({ sql, workspaceId }: TraceReads, ids: readonly string[]): Promise<EventNode[]> {
  const { rows } = await raw<EventNode>`
    select ${eventFields} from hub.events where workspace_id = ${workspaceId} and ${oneOf(ids, 'id')}`.execute(sql)
  return rows
}

export async function eventsOfRuns({ sql, workspaceId, limit }: TraceReads, runs: readonly string[]): Promise<EventNode[]> {
  const { rows } = await raw<EventNode>`
    select ${eventFields} from hub.events
     where workspace_id = ${workspaceId} and body is null and headers ->> 'hub-run' = any(${runs}::text[])
     order by id limit ${limit}`.execute(sql)
  return rows
}

const runFields = [
  'id',
  'flow',
  'version',
  'status',
  'trigger',
  'eventId',
  'parentRun',
  'parentPath',
  'error',
  'wakeAt',
  'createdAt',
  'startedAt',
  'finishedAt',
] as const

export function runsById({ sql, workspaceId }: TraceReads, ids: readonly string[]): Promise<RunNode[]> {
  return sql.selectFrom('flowRuns').select(runFields).where('workspaceId', '=', workspaceId).where(oneOf(ids, 'id')).execute()
}

export function runsOfEvents({ sql, workspaceId, limit }: TraceReads, events: readonly string[]): Promise<RunNode[]> {
  return sql
    .selectFrom('flowRuns')
    .select(runFields)
    .where('workspaceId', '=', workspaceId)
    .where(oneOf(events, 'event_id'))
    .orderBy(raw`status <> 'failed'`)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Runs that steps of these runs started: as a child, by a tool, or by replaying. */
export function runsOfRuns({ sql, workspaceId, limit }: TraceReads, runs: readonly string[]): Promise<RunNode[]> {
  return sql
    .selectFrom('flowRuns')
    .select(runFields)
    .where('workspaceId', '=', workspaceId)
    .where(raw<boolean>`trigger ->> 'run_id' = any(${runs}::text[])`)
    .orderBy(raw`status <> 'failed'`)
    .orderBy('id')
    .limit(limit)
    .execute()
}

export function stepsOfRuns({ sql, limit }: TraceReads, runs: readonly string[]): Promise<StepNode[]> {
  return sql
    .selectFrom('flowSteps')
    .select(['runId', 'path', 'step', 'kind', 'status', 'error', 'attempts', 'invocationId', 'until', 'startedAt', 'finishedAt'])
    .where(oneOf(runs, 'run_id'))
    .orderBy(raw`status <> 'failed'`)
    .orderBy('startedAt')
    .limit(limit)
    .execute()
}

const callFields = [
  'id',
  'tool',
  'integration',
  'status',
  'error',
  'attempts',
  'runId',
  'step',
  'approvalId',
  'requests',
  'startedAt',
  'finishedAt',
] as const

export function callsOfRuns({ sql, workspaceId, limit }: TraceReads, runs: readonly string[]): Promise<CallNode[]> {
  return sql
    .selectFrom('invocations')
    .select(callFields)
    .where('workspaceId', '=', workspaceId)
    .where(oneOf(runs, 'run_id'))
    .orderBy(raw`status = 'completed'`)
    .orderBy('id')
    .limit(limit)
    .execute()
}

export function callsById({ sql, workspaceId }: TraceReads, ids: readonly string[]): Promise<CallNode[]> {
  return sql.selectFrom('invocations').select(callFields).where('workspaceId', '=', workspaceId).where(oneOf(ids, 'id')).execute()
}

export function callsOfApproval({ sql, workspaceId, limit }: TraceReads, approval: string): Promise<CallNode[]> {
  return sql
    .selectFrom('invocations')
    .select(callFields)
    .where('workspaceId', '=', workspaceId)
    .where('approvalId', '=', approval)
    .limit(limit)
    .execute()
}

const approvalFields = ['id', 'message', 'status', 'runId', 'path', 'createdAt', 'decidedAt', 'expiresAt'] as const

export function approvalsById({ sql, workspaceId }: TraceReads, ids: readonly string[]): Promise<ApprovalNode[]> {
  return sql.selectFrom('approvals').select(approvalFields).where('workspaceId', '=', workspaceId).where(oneOf(ids, 'id')).execute()
}

export function approvalsOfRuns({ sql, workspaceId, limit }: TraceReads, runs: readonly string[]): Promise<ApprovalNode[]> {
  return sql
    .selectFrom('approvals')
    .select(approvalFields)
    .where('workspaceId', '=', workspaceId)
    .where(oneOf(runs, 'run_id'))
    .orderBy('id')
    .limit(limit)
    .execute()
}

const deliveryFields = [
  'id',
  'eventId',
  'endpointId',
  'status',
  'attempts',
  'lastStatus',
  'lastError',
  'nextAt',
  'createdAt',
  'finishedAt',
] as const

export function deliveriesById({ sql, workspaceId }: TraceReads, ids: readonly string[]): Promise<DeliveryNode[]> {
  return sql.selectFrom('deliveries').select(deliveryFields).where('workspaceId', '=', workspaceId).where(oneOf(ids, 'id')).execute()
}

export function deliveriesOfEvents({ sql, workspaceId, limit }: TraceReads, events: readonly string[]): Promise<DeliveryNode[]> {
  return sql
    .selectFrom('deliveries')
    .select(deliveryFields)
    .where('workspaceId', '=', workspaceId)
    .where(oneOf(events, 'event_id'))
    .orderBy(raw`status <> 'dead'`)
    .orderBy('id')
    .limit(limit)
    .execute()
}
