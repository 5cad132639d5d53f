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
 * A token may not approve its own requests, nor those of flows that it saved. The operator at the command line owns the hub, and an administrator
 * of the workspace could create another token, so neither is restricted.
 */
export function assertMayDecide(principal: Principal, { id, askedBy, deciders }: ApprovalRow): void {
  if (principal.kind === 'token' && actorOf(principal) === askedBy && !allows(principal, 'tokens:write'))
    throw hubError('scope_missing', { detail: 'who asked for an approval may not decide on it; another token must', approvalId: id })
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
  const differs =
    call.tool !== asked.tool
      ? `it is for ${call.tool}`
      : call.digest !== asked.digest
        ? 'the definition of the tool has changed since'
        : call.integration !== asked.integration
          ? `it is for the integration ${call.integration ?? '(none)'}`
          : 'the input is different'
  return { detail: `the approval does not cover this call: ${differs}`, hint }
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
