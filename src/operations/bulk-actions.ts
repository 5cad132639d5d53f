import { requireScope } from '#access'
import type { BulkActions } from '#bulk'
import { hubError, HubError } from '#errors'
import { decideApproval, getApproval, listApprovals } from './approvals.ts'
import { getDelivery, listDeliveries, retryDelivery } from './deliveries.ts'
import { listEvents, replayEvent } from './events.ts'
import { fieldErrors, type Execute } from './execute.ts'
import type { Caller, Operation, OperationContext } from './operation.ts'
import { cancelRun, listRuns, replayRun, retryRun } from './runs.ts'

/** What can be done with many things at once: an operation on one of them, and the list that finds them. */
interface BulkAction {
  readonly single: Operation
  readonly list: Operation
  /** Reads one, where it must be looked at before. */
  readonly get?: Operation
  /** Only those in this state. */
  readonly status?: string
  /** What the single operation gets beside the id. */
  readonly fixed?: Readonly<Record<string, unknown>>
  /** Each is about a call, and all have to be about calls of one tool that destroys nothing. */
  readonly ofOneTool?: boolean
}

const deciding = { single: decideApproval, list: listApprovals, get: getApproval, status: 'pending', ofOneTool: true } as const

const table = {
  'runs.retry': { single: retryRun, list: listRuns },
  'runs.replay': { single: replayRun, list: listRuns },
  'runs.cancel': { single: cancelRun, list: listRuns },
  'events.replay': { single: replayEvent, list: listEvents },
  // One that somebody else sent again meanwhile is not sent twice.
  'deliveries.retry': { single: retryDelivery, list: listDeliveries, get: getDelivery, status: 'dead' },
  'approvals.approve': { ...deciding, fixed: { decision: 'approve' } },
  'approvals.reject': { ...deciding, fixed: { decision: 'reject' } },
} as const

export type BulkActionName = keyof typeof table
export const bulkActionNames = Object.keys(table) as readonly BulkActionName[]

export function bulkAction(name: BulkActionName): BulkAction {
  return table[name]
}

/** The scope that shows a bulk action: that of its list. */
export function scopeToSee(name: string): string {
  return Object.hasOwn(table, name) ? table[name as BulkActionName].list.scope : 'admin'
}

/** The scope that begins and cancels a bulk action: that of the single operation. */
export function scopeToDo(name: string): string {
  return Object.hasOwn(table, name) ? table[name as BulkActionName].single.scope : 'admin'
}

interface Item {
  readonly id: string
  readonly digest?: string
  readonly status?: unknown
  readonly call?: { readonly tool: string } | null
}

const pageSize = 200

/** The items of a list that a filter finds, newest first; `more` says whether there are others. */
export async function itemsOf(
  call: (operation: Operation, input: object) => Promise<unknown>,
  { list, status }: BulkAction,
  { filter, most }: { readonly filter: Readonly<Record<string, unknown>>; readonly most: number },
): Promise<{ items: readonly Item[]; more: boolean }> {
  const wrong = (path: string, message: string): HubError => hubError('invalid_input', { errors: [{ path, message }] })
  for (const field of ['limit', 'cursor'] as const) if (field in filter) throw wrong(`filter.${field}`, 'is not a known field')
  if (Object.keys(filter).length === 0) throw wrong('filter', 'needs a field: everything that there is cannot be meant')
  const asked = [filter['status'] ?? status].flat()
  if (status !== undefined && (asked.length !== 1 || asked[0] !== status)) throw wrong('filter.status', `may only be ${status}`)
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const input = { ...filter, ...(status === undefined ? {} : { status }), limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }
    const page = (await call(list, input).catch((error: unknown) => {
      throw withPrefix(error, 'filter')
    })) as { items: Item[]; next_cursor: string | null }
    items.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined && items.length <= most)
  return { items: items.slice(0, most), more: items.length > most || cursor !== undefined }
}

function withPrefix(error: unknown, prefix: string): unknown {
  if (!(error instanceof HubError) || error.code !== 'invalid_input') return error
  return error.with({ errors: (error.details.errors ?? []).map(({ path, message }) => ({ path: `${prefix}.${path}`, message })) })
}

/** Throws unless the single operation takes this input beside an id. */
export function checkInput({ single, fixed = {} }: BulkAction, input: Readonly<Record<string, unknown>>): void {
  // What each of them showed is its own, so a digest is never given for all of them.
  const taken = ['id', 'digest', ...Object.keys(fixed)].filter((field) => field in input)
  const parsed = single.input.safeParse({ ...input, ...fixed, id: 'any' })
  const errors = [
    ...taken.map((path) => ({ path, message: 'is given by the action' })),
    ...(parsed.success ? [] : parsed.error.issues.flatMap(fieldErrors)),
  ]
  if (errors.length > 0) throw withPrefix(hubError('invalid_input', { errors }), 'input')
}

/** Throws unless these are approvals of calls of one tool, which has been looked at as one and destroys nothing. */
export async function requireOneTool({ tools, principal }: OperationContext, items: readonly Item[], named: unknown): Promise<void> {
  const refuse = (message: string): HubError => hubError('invalid_input', { errors: [{ path: 'filter.tool', message }] })
  const [name, ...others] = new Set(items.map(({ call }) => call?.tool))
  if (items.some(({ call }) => !call)) throw refuse('questions that are not about a call are decided one by one')
  if (others.length > 0 || (name !== undefined && named !== undefined && name !== named))
    throw refuse('only approvals of calls of one tool are decided together')
  if (name === undefined) return
  const { action } = await tools.find(principal.workspaceId, name)
  if (action.effect === 'destroy') throw refuse(`${name} destroys something, so its calls are decided one by one`)
}

/** What the job of a bulk action does, each through `execute` of the single operation. */
export function createBulkActions(execute: Execute): BulkActions {
  return {
    require: (principal, name) => requireScope(principal, scopeToDo(name)),
    async perform(principal, { action: name, itemId: id, digest, input }) {
      const { single, get, status, fixed } = bulkAction(name as BulkActionName)
      const caller: Caller = { principal, transport: 'rest' }
      if (get) {
        const item = (await execute(caller, get, { id })) as Item
        if (item.status !== status) throw hubError('bulk_changed', { detail: `it is ${String(item.status)} now, and no longer ${status}` })
      }
      await execute(caller, single, { ...input, ...fixed, ...(digest === null ? {} : { digest }), id })
    },
  }
}
