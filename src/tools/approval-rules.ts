import { actorOf, allows, scopes, type Principal } from '#access'
import { hubError } from '#errors'
import { digest } from '#lib/canonical'
import type { NewHubEvent } from '#events/publish'
import type { ApprovalRow, ApprovedCall } from './approval-store.ts'

export function assertPending({ id, status, decidedBy, expiresAt }: ApprovalRow, now: Date): void {
  if (status === 'expired' || (status === 'pending' && expiresAt <= now)) throw hubError('approval_expired', { approvalId: id })
  if (status === 'pending') return
  const verb = status === 'rejected' ? 'rejected' : 'approved'
  throw hubError('approval_decided', { detail: `${decidedBy} ${verb} this already`, approvalId: id })
}

/**
 * Nobody decides on what they caused, and neither does a token that one of them created: whoever holds the one may hold the other. The operator
 * at the command line owns the hub and may always decide.
 */
export function assertMayDecide(principal: Principal, { id, involved, deciders }: ApprovalRow, involvedMayDecide: boolean): void {
  const own = [actorOf(principal), ...principal.ancestors].find((actor) => involved.includes(actor))
  if (own !== undefined && principal.kind !== 'operator' && !involvedMayDecide)
    throw hubError('scope_missing', {
      detail:
        own === actorOf(principal)
          ? 'this token had a part in what the approval is about, so it may not decide on it'
          : `this token comes from ${own}, which had a part in what the approval is about, so it may not decide on it`,
      hint: `a token that neither had a part in it nor comes from one that had decides, or the command line (\`hub approval approve ${id}\`); an administrator can allow it to everybody: PUT /api/v1/approval-settings {"involved_may_decide": true}`,
      approvalId: id,
    })
  if (deciders === null || deciders.some((decider) => fits(principal, decider))) return
  throw hubError('scope_missing', { detail: `only these may decide on this approval: ${deciders.join(', ')}`, approvalId: id })
}

/** A decider that looks like a scope or an actor is never compared with names: otherwise a token could get rights by its name. */
function fits(principal: Principal, decider: string): boolean {
  if (Object.hasOwn(scopes, decider) || decider.startsWith('tools:call:')) return allows(principal, decider)
  if (/^(token|operator|system):/.test(decider)) return actorOf(principal) === decider
  return principal.name === decider
}

/** Says which part of the call differs, so that a person sees what to approve again. */
export function describeMismatch({ call }: ApprovalRow, asked: ApprovedCall): { detail: string; hint: string } {
  const hint = 'make the call without the approval to ask for this one'
  if (call === null) return { detail: 'this approval is not about a tool call', hint }
  return { detail: `the approval does not cover this call: ${differenceOf(call, asked)}`, hint }
}

/** What of a call is not as it was when somebody was asked. */
export function differenceOf(call: ApprovedCall, asked: ApprovedCall): string {
  if (call.tool !== asked.tool) return `it is for ${call.tool}`
  if (call.askedBy !== asked.askedBy) return `${call.askedBy} asked for it, and only they can use it`
  if (call.digest !== asked.digest) return 'the definition of the tool has changed since'
  if (call.flows !== asked.flows) return 'the flow that it runs, or one that this runs, has changed since'
  if (call.integration !== asked.integration) return `it is for the integration ${call.integration ?? '(none)'}`
  if (call.integrationId !== asked.integrationId) return 'it is for an earlier integration of this name'
  if (call.config !== asked.config) return 'the settings of the integration have changed since'
  if (call.credential !== asked.credential) return 'the credential of the integration has changed since'
  return 'the input is different'
}

export type ApprovalEventType = 'approval.requested' | 'approval.decided'

/** The event contains no input of the call, because subscribers may lack the right to see it. */
export function approvalEvent(type: ApprovalEventType, row: ApprovalRow): NewHubEvent {
  const { workspaceId, id, status, message, call } = row
  return {
    workspaceId,
    type,
    subject: id,
    data: {
      approval_id: id,
      status,
      message,
      deciders: row.deciders,
      tool: call?.tool ?? null,
      integration: call?.integration ?? null,
      input_digest: call ? digest(call.input) : null,
      run_id: row.runId,
      path: row.path,
      asked_by: row.askedBy,
      decided_by: row.decidedBy,
      comment: row.comment,
      expires_at: row.expiresAt.toISOString(),
    },
  }
}
