import { actorOf, requireScope, type Principal } from '#access'
import type { Database } from '#db'
import { hubError, type HubError } from '#errors'
import type { Integrations } from '#integrations'
import type { UndoPlan } from '#kit'
import { canonicalJson } from '#lib/canonical'
import type { Telemetry } from '#telemetry'
import type { Catalogue } from './catalogue.ts'
import type { Call } from './call.ts'
import type { ReadState } from './state-before.ts'
import { findInvocation, findUndoes, type InvocationRow, type StateBefore } from './store.ts'
import type { Tool } from './tool.ts'

/** The input of the undo tool. */
export interface UndoRequest {
  readonly id: string
  readonly force: boolean
}

/** The call that undoes another one. */
export interface UndoingCall {
  readonly tool: string
  readonly input: unknown
  readonly integration: string | undefined
  readonly idempotencyKey: string
  /** The id of the other call. */
  readonly undoes: string
  /** What the other call left, if it is made only where that is so still. */
  readonly left?: UndoPlan['left']
}

export interface Undoing {
  /** What undoes the call that this call of the undo tool names. It asks no outside system. */
  plan(call: Pick<Call, 'principal' | 'input'>): Promise<UndoingCall>
  /** Throws if somebody has changed since what is undone. */
  requireUnchanged(call: Call, left: NonNullable<UndoPlan['left']>): Promise<void>
}

interface UndoDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly integrations: Pick<Integrations, 'choose'>
  readonly readState: ReadState
}

/** What stands in the journal where something was secret. */
const hidden = /\[secret(?: [0-9a-f]{12})?\]|\[redacted\]/

export function createUndoing({ db, catalogue, integrations, readState, logger }: UndoDeps): Undoing {
  return {
    async plan({ principal, input }) {
      const { id, force } = input as UndoRequest
      const row = await findOwn(principal, id)
      const earlier = await findUndoes(db.sql, principal.workspaceId, id)
      const made = earlier.find(({ status }) => status !== 'failed')
      // The stored call under its key: whoever asks again gets its outcome, and it acts once.
      if (made)
        return { tool: made.tool, input: made.input, integration: made.integrationId ?? undefined, idempotencyKey: made.key!, undoes: id }
      const tool = await undoable(row)
      const { action, input: undoing, left } = planOf(row, tool, await configOf(row, tool))
      if (!force && hidden.test(JSON.stringify(left ?? null)))
        throw hubError('undo_conflict', {
          detail: 'what the call left is secret and was not stored, so nobody knows whether it has changed since',
          hint: '`force` undoes the call all the same',
        })
      return {
        tool: `${tool.connector.name}_${action}`,
        input: undoing,
        integration: row.integrationId ?? undefined,
        // A failure under a key stays its outcome, so the next attempt has another key. Nothing remained of a call that failed.
        idempotencyKey: earlier.length === 0 ? `undo:${id}` : `undo:${id}:${earlier.length}`,
        undoes: id,
        ...(left === undefined || force ? {} : { left }),
      }
    },

    async requireUnchanged(call, left) {
      const now = await readState(call)
      if (!('value' in now))
        throw hubError('undo_conflict', {
          detail: `what the call left could not be compared with what is there now: ${now.problem}`,
          hint: '`force` undoes the call all the same',
        })
      const changed = changedSince(left, now.value)
      if (changed.length === 0) return
      throw hubError('undo_conflict', {
        detail: `it was changed after the call: ${changed.join(', ')}`,
        hint: 'look at it first; `force` undoes the call all the same, and overwrites the change',
      })
    },
  }

  /** A call that the principal made, or any of the workspace where it may read the journal. */
  async function findOwn(principal: Principal, id: string): Promise<InvocationRow> {
    const row = await findInvocation(db.sql, principal.workspaceId, id)
    // The answer is the same whether the call belongs to somebody else or does not exist.
    if (row?.actor !== actorOf(principal)) requireScope(principal, 'invocations:read')
    if (row) return row
    throw hubError('not_found', {
      detail: `there is no invocation "${id}" in this workspace`,
      hint: 'calls that are older than the journal cannot be undone',
    })
  }

  /** The tool of a call that can be undone as far as the journal knows. */
  async function undoable(row: InvocationRow): Promise<Tool> {
    switch (row.status) {
      case 'queued':
      case 'running':
        throw hubError('in_progress', {
          detail: 'the call has not ended yet, so it cannot be undone',
          hint: '`hub invocation cancel` ends it',
          retryAfter: 1,
        })
      case 'failed':
        throw impossible('the call failed, so there is nothing to undo')
      case 'outcome_unknown':
        throw impossible(
          'nobody knows whether the call was made',
          'look in the outside system; to make the call again under its idempotency key may show its outcome',
        )
      case 'completed':
    }
    if (row.effect === 'read') throw impossible(`${row.tool} only reads, so there is nothing to undo`)
    const tool = await catalogue.find(row.workspaceId, row.tool)
    if (tool.origin.kind !== 'action' || tool.connector.builtIn === true)
      throw impossible(`${row.tool} is not an action of a connector`, 'the calls that it made can be undone one by one')
    if (!tool.action.undo) throw impossible(`${row.tool} does not say how it is undone`)
    return tool
  }

  /** Of the integration that the call was made with. */
  async function configOf({ workspaceId, integrationId }: InvocationRow, { connector }: Tool): Promise<Record<string, unknown>> {
    return (await integrations.choose(workspaceId, connector, integrationId ?? undefined)).config
  }

  function planOf(row: InvocationRow, tool: Tool, config: Record<string, unknown>): UndoPlan {
    const undo = tool.action.undo!
    const state: StateBefore = row.stateBefore ?? { problem: 'it was not read' }
    if (undo.needsBefore === true && !('value' in state)) throw impossible(`what was there before the call is not known: ${state.problem}`)
    const before = 'value' in state ? state.value : undefined
    const { input, output } = row
    const plan = declared(() => undo.plan({ input, output, before, config }), row)
    if ('impossible' in plan) throw impossible(plan.impossible)
    // What is left out was not there, as `undefined` says in an input.
    const stored = JSON.parse(JSON.stringify(plan)) as UndoPlan
    if (hidden.test(JSON.stringify(stored.input))) throw impossible('a part of what it needs was secret and was not stored')
    return stored
  }

  /** An output may be of any form, and the function of a connector may fail on it. */
  function declared<T>(ask: () => T, { tool, id }: InvocationRow): T {
    try {
      return ask()
    } catch (error) {
      logger.warn({ err: error, tool, invocation: id }, 'an action cannot say how its call is undone')
      throw impossible(`the output of ${tool} is not as documented`)
    }
  }
}

function impossible(detail: string, hint?: string): HubError {
  return hubError('undo_impossible', { detail, ...(hint === undefined ? {} : { hint }) })
}

/** The names of the fields that are not as the call left them. */
function changedSince(left: Readonly<Record<string, unknown>>, now: unknown): string[] {
  return Object.entries(left)
    .filter(([name, value]) => !isLeft(value, fieldsOf(now)[name]))
    .map(([name]) => name)
}

/** Of an object only the named fields count. Lists of labels and people have no order. What is missing is as good as null. */
function isLeft(left: unknown, now: unknown): boolean {
  if (Array.isArray(left)) return Array.isArray(now) && canonicalJson(sorted(left)) === canonicalJson(sorted(now))
  if (left === null || typeof left !== 'object') return (left ?? null) === (now ?? null)
  return Object.entries(left).every(([name, value]) => isLeft(value, fieldsOf(now)[name]))
}

function sorted(items: readonly unknown[]): string[] {
  return items.map((item) => canonicalJson(item ?? null)).toSorted()
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {}
}
