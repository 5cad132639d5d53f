import { actorOf, actorsBehind, requireScope, type Access, type Principal } from '#access'
import type { Database, Transaction } from '#db'
import type { Integrations } from '#integrations'
import { hubError, type HubError } from '#errors'
import { digest } from '#lib/canonical'
import { newId } from '#lib/ids'
import { once } from '#lib/once'
import type { EventPublisher } from '#events/publish'
import type { SecretValues } from '#lib/secret-values'
import type { Telemetry } from '#telemetry'
import {
  findApproval,
  findPending,
  findUsable,
  insertApproval,
  listApprovals,
  lockApproval,
  overdueApprovals,
  recordDecision,
  storePreview,
  useApproval,
  type ApprovalFilter,
  type ApprovalRow,
  type ApprovedCall,
} from './approval-store.ts'
import { createReviews, digestOf, type Review } from './approval-review.ts'
import { approvalEvent, assertMayDecide, assertPending, describeMismatch, type ApprovalEventType } from './approval-rules.ts'
import type { ApprovalPreview, PreviewCall } from './approval-preview.ts'
import type { Catalogue } from './catalogue.ts'
import { secretsOfCall, type FlowSecrets } from './call-secrets.ts'
import type { BindCall } from './bind-call.ts'
import { validate } from './input.ts'
import { readInvolvedMayDecide, writeInvolvedMayDecide } from './store.ts'

export interface Question {
  /** Who asks. Everybody behind it is involved. */
  readonly principal: Principal
  readonly message: string
  /** Actors (`token:tok_…`), names of tokens, or scopes. Without it, everybody with the scope approvals:write may decide. */
  readonly deciders?: readonly string[] | undefined
  /** The one call that the approval covers; its input is checked before anybody is asked. */
  readonly call?: { readonly tool: string; readonly integration: string | null; readonly input: unknown } | undefined
  readonly runId?: string | undefined
  readonly path?: string | undefined
  readonly expiresAt: Date
  /** Of the run that asks. */
  readonly secrets?: SecretValues | undefined
  /** Made only if the question is new. */
  readonly preview?: (() => Promise<ApprovalPreview | null>) | undefined
}

export interface Decision {
  readonly decision: 'approve' | 'reject'
  readonly comment?: string | undefined
  /** Of what the person was shown: approving is refused if that has changed since. */
  readonly digest?: string | undefined
}

export type DecisionListener = (trx: Transaction, approval: ApprovalRow) => Promise<void>

/** Decisions of people. An approval of a call covers exactly that call, once. */
export interface Approvals {
  /** Returns the pending approval when the same actor has already asked the same question. */
  ask(question: Question): Promise<ApprovalRow>
  /** The same for a call that has been checked already. */
  askFor(question: Omit<Question, 'call'>, call: ApprovedCall | null): Promise<ApprovalRow>
  get(workspaceId: string, id: string): Promise<ApprovalRow>
  /** What the principal needs to know to decide. */
  review(principal: Principal, rows: readonly ApprovalRow[]): Promise<Review[]>
  list(workspaceId: string, filter: ApprovalFilter, page: { before?: string | undefined; limit: number }): Promise<ApprovalRow[]>
  decide(principal: Principal, id: string, decision: Decision): Promise<ApprovalRow>
  expire(now: Date): Promise<number>
  /** Whether those who caused a call may decide on its approval. No, unless an administrator of the workspace allows it. */
  readonly involvedMayDecide: {
    get(workspaceId: string): Promise<boolean>
    set(principal: Principal, allowed: boolean): Promise<void>
  }
  /** The approval of exactly this call that the principal asked for before and has not used, or has used under this key. */
  usable(principal: Principal, use: ApprovalUse): Promise<string | undefined>
  /** Throws unless a person approved exactly this call, and marks the approval as used. */
  use(principal: Principal, id: string, use: ApprovalUse): Promise<void>
}

export interface ApprovalUse {
  readonly call: ApprovedCall
  readonly key: string | undefined
  /** Whom the rule that asks for the approval names; one that others could decide on does not count. */
  readonly approvers: readonly string[] | undefined
}

export interface ApprovalsDeps extends Pick<Telemetry, 'logger' | 'notices'> {
  readonly db: Database
  readonly access: Access
  readonly publisher: EventPublisher
  readonly integrations: Integrations
  readonly catalogue: Catalogue
  readonly bind: BindCall
  readonly preview: PreviewCall
  readonly flowSecrets: FlowSecrets
}

/** Shorter than the retention of the journal, so that a call that is repeated under its key gets the stored outcome. */
const repeatableMs = 29 * 86_400_000
const expiredAtOnce = 100

/** `onDecided` runs in the transaction of a decision or an expiry. */
export function createApprovals(deps: ApprovalsDeps, onDecided: DecisionListener): Approvals {
  const { db, access, publisher, integrations, catalogue, bind, flowSecrets, logger, notices } = deps
  const reviews = createReviews(deps)

  const publish = async (trx: Transaction, type: ApprovalEventType, row: ApprovalRow): Promise<void> => {
    if (await publisher.hasSubscribers(row.workspaceId, type, trx)) await publisher.publish(trx, [approvalEvent(type, row)])
  }

  const completeDecision = async (trx: Transaction, row: ApprovalRow, actor: string): Promise<ApprovalRow> => {
    await onDecided(trx, row)
    await publish(trx, 'approval.decided', row)
    const detail = { tool: row.call?.tool ?? null, run: row.runId, comment: row.comment }
    await access.audit.record(trx, { workspaceId: row.workspaceId, actor, action: `approval.${row.status}`, subject: row.id, detail })
    return row
  }

  const expireOne = (id: string, now: Date): Promise<boolean> =>
    db.transaction(async (trx) => {
      const row = await recordDecision(trx, id, { status: 'expired', decidedBy: null, comment: null, at: now })
      if (row) await completeDecision(trx, row, 'system:approvals')
      return row !== undefined
    })

  const exactCall = async (
    { principal, secrets: others }: Question,
    asked: NonNullable<Question['call']>,
  ): Promise<{ call: ApprovedCall; preview: Question['preview'] }> => {
    const { workspaceId } = principal
    const tool = await catalogue.find(workspaceId, asked.tool)
    const input = validate(tool, asked.input)
    const integration = tool.connector.builtIn
      ? undefined
      : await integrations.choose(workspaceId, tool.connector, asked.integration ?? undefined)
    const secrets = await secretsOfCall(flowSecrets, { workspaceId, tool, input, others })
    return {
      call: await bind({ principal, tool, integration, input: secrets.hide(input) }),
      preview: () => deps.preview({ principal, tool, integration, input, secrets }),
    }
  }

  const askFor: Approvals['askFor'] = async (question, call) => {
    const { principal, message, deciders = null, runId = null, path = null, expiresAt } = question
    const { workspaceId } = principal
    const asked = { workspaceId, askedBy: actorOf(principal), callDigest: call && digest(call), runId, path }
    const previewed = once(async () => (await question.preview?.()) ?? null)
    for (;;) {
      const pending = await findPending(db.sql, asked)
      if (pending && pending.expiresAt > new Date()) return pending
      // It has expired and no process has recorded that yet.
      if (pending) await expireOne(pending.id, new Date())
      const preview = await previewed()
      const made = await db.transaction(async (trx) => {
        const row = await insertApproval(trx, {
          id: newId('apr'),
          ...asked,
          involved: actorsBehind(principal),
          message,
          deciders,
          call,
          preview,
          expiresAt,
        })
        if (row) {
          await publish(trx, 'approval.requested', row)
          db.afterCommit(trx, () => notices.add(row.workspaceId, 'approval', row.id))
        }
        return row
      })
      if (made) return made
    }
  }

  /** What a person was shown is what the call does. Nobody decides on other approvals while the outside system is asked. */
  const assertAsShown = async (principal: Principal, id: string, shown: string): Promise<void> => {
    const row = await get(principal.workspaceId, id)
    assertPending(row, new Date())
    assertMayDecide(principal, row, await readInvolvedMayDecide(db.sql, principal.workspaceId))
    if (digestOf(row) !== shown)
      throw hubError('approval_changed', {
        detail: 'you were shown an earlier state of this approval',
        hint: 'look at it again',
        approvalId: id,
      })
    const change = await reviews.changeSince(principal, row)
    if (!change) return
    if (change.preview) await storePreview(db.sql, id, change.preview)
    const hint = change.preview ? 'look at it again, then decide' : 'reject it; whoever asked has to ask again'
    throw hubError('approval_changed', { detail: change.detail, hint, approvalId: id })
  }

  const get = async (workspaceId: string, id: string): Promise<ApprovalRow> => {
    const row = await findApproval(db.sql, workspaceId, id)
    if (!row) throw noSuch(id)
    return row
  }

  return {
    get,
    list: (workspaceId, filter, page) => listApprovals(db.sql, workspaceId, { ...filter, ...page }),

    askFor,
    async ask({ call: asked, ...question }) {
      if (!asked) return askFor(question, null)
      const { call, preview } = await exactCall(question, asked)
      return askFor({ ...question, preview }, call)
    },

    async review(principal, rows) {
      const involvedMayDecide = rows.length > 0 && (await readInvolvedMayDecide(db.sql, principal.workspaceId))
      return Promise.all(rows.map((row) => reviews.of(principal, row, involvedMayDecide)))
    },

    async decide(principal, id, { decision, comment, digest: shown }) {
      requireScope(principal, 'approvals:write')
      if (decision === 'approve' && shown !== undefined) await assertAsShown(principal, id, shown)
      return db.transaction(async (trx) => {
        const row = await lockApproval(trx, principal.workspaceId, id)
        if (!row) throw noSuch(id)
        const at = new Date()
        assertPending(row, at)
        assertMayDecide(principal, row, await readInvolvedMayDecide(trx, principal.workspaceId))
        const status = decision === 'approve' ? 'approved' : 'rejected'
        const decided = await recordDecision(trx, id, { status, decidedBy: actorOf(principal), comment: comment ?? null, at })
        return completeDecision(trx, decided!, actorOf(principal))
      })
    },

    involvedMayDecide: {
      get: (workspaceId) => readInvolvedMayDecide(db.sql, workspaceId),
      set: (principal, allowed) =>
        db.transaction(async (trx) => {
          const { workspaceId } = principal
          await writeInvolvedMayDecide(trx, workspaceId, allowed)
          const detail = { involved_may_decide: allowed }
          await access.audit.record(trx, {
            workspaceId,
            actor: actorOf(principal),
            action: 'approval_settings.set',
            subject: workspaceId,
            detail,
          })
        }),
    },

    async expire(now) {
      let expired = 0
      for (const id of await overdueApprovals(db.sql, now, expiredAtOnce)) {
        try {
          if (await expireOne(id, now)) expired++
        } catch (error) {
          // One failure must not stop the others; the next sweep tries it again.
          logger.warn({ err: error, approval: id }, 'failed to record that an approval has expired')
        }
      }
      return expired
    },

    async usable(principal, { call, key = null, approvers }) {
      const { workspaceId } = principal
      const asked = { workspaceId, askedBy: actorOf(principal), callDigest: digest(call) }
      return (await findUsable(db.sql, { ...asked, key, approvers, now: new Date() }))?.id
    },

    async use(principal, id, { call, key, approvers }) {
      const { workspaceId } = principal
      const callDigest = digest(call)
      const now = new Date()
      const taken = await db.transaction(async (trx) => {
        const took = await useApproval(trx, { workspaceId, id, callDigest, key: key ?? null, now, approvers })
        if (!took) return false
        const detail = { tool: call.tool, integration: call.integration, key: key ?? null }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'approval.used', subject: id, detail })
        return true
      })
      if (taken) return
      const row = await findApproval(db.sql, workspaceId, id)
      // The id is not repeated: a header may contain a secret by mistake.
      if (!row) throw hubError('approval_mismatch', { detail: 'there is no approval of this id in this workspace' })
      if (row.callDigest !== callDigest) throw hubError('approval_mismatch', { ...describeMismatch(row, call), approvalId: id })
      if (row.status === 'approved' && row.expiresAt > now && approvers)
        throw hubError('approval_mismatch', {
          detail: `a policy names who approves this call (${approvers.join(', ')}), and others could decide on this approval`,
          hint: 'make the call without the approval to ask them',
          approvalId: id,
        })
      if (row.status !== 'used') throw refusalOf(row)
      const isAgain = key !== undefined && row.usedKey === key && now.getTime() - (row.usedAt?.getTime() ?? 0) < repeatableMs
      if (isAgain) return
      throw hubError('approval_mismatch', {
        detail: 'this approval has been used: it covers one call, once',
        hint: 'make the call without it to ask again; a call that may have to be repeated needs an idempotency key from the start',
        approvalId: id,
      })
    },
  }
}

function noSuch(id: string): HubError {
  return hubError('not_found', { detail: `there is no approval "${id}" in this workspace` })
}

function refusalOf({ id, status, decidedBy, comment, expiresAt }: ApprovalRow): HubError {
  if (status === 'rejected')
    return hubError('approval_rejected', { detail: `${decidedBy} rejected this call${comment ? `: ${comment}` : ''}`, approvalId: id })
  if (status === 'pending' && expiresAt > new Date())
    return hubError('approval_required', { detail: 'nobody has decided on this approval yet', hint: howToContinue(id), approvalId: id })
  return hubError('approval_expired', { hint: 'make the call without the approval to ask again', approvalId: id })
}

export function howToContinue(id: string): string {
  return `a person decides: POST /api/v1/approvals/${id} or \`hub approval approve ${id}\`; then make the same call again`
}
