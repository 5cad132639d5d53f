import type { ApprovalNode, CallNode, DeliveryNode, EventNode, RunNode, StepNode } from './store.ts'
import type { TraceNode, TraceWait } from './types.ts'

const nothing = { startedAt: null, finishedAt: null, wait: null, attempts: null, error: null, detail: null, version: null } as const

export function eventNode(event: EventNode, parent: string | null): TraceNode {
  const { id, type, status, problem, subject, integration, receivedAt } = event
  return {
    ...nothing,
    id,
    parent,
    kind: 'event',
    title: type,
    status,
    startedAt: receivedAt,
    finishedAt: receivedAt,
    error: problem === null ? null : { code: status, message: problem, hint: null },
    detail: subject ?? integration,
  }
}

export function runNode(run: RunNode, parent: string | null): TraceNode {
  const { id, flow, version, status, error, wakeAt, createdAt, startedAt, finishedAt } = run
  return {
    ...nothing,
    id,
    parent,
    kind: 'run',
    title: flow,
    status,
    startedAt: startedAt ?? createdAt,
    finishedAt,
    wait: status === 'waiting' ? { for: 'time', until: wakeAt } : null,
    error: error && { code: error.code, message: error.message, hint: error.hint ?? null },
    version,
    detail: version === 0 ? 'not saved' : `version ${version}`,
  }
}

const waits: Readonly<Record<string, TraceWait['for']>> = { wait: 'time', wait_for: 'event', approve: 'approval', flow: 'run' }

export function stepNode(step: StepNode, parent: string): TraceNode {
  const { runId, path, status, kind, error, attempts, until, startedAt, finishedAt } = step
  const { code, message, hint } = error ?? {}
  return {
    ...nothing,
    id: stepId(runId, path),
    parent,
    kind: 'step',
    title: step.step,
    status,
    startedAt,
    finishedAt,
    attempts,
    wait: status === 'waiting' ? { for: waits[kind] ?? 'retry', until } : null,
    error: code === undefined ? null : { code, message: message ?? '', hint: hint ?? null },
    detail: kind,
  }
}

export function stepId(run: string, path: string): string {
  return `${run}/${path}`
}

export function approvalNode({ id, message, status, createdAt, decidedAt, expiresAt }: ApprovalNode, parent: string | null): TraceNode {
  return {
    ...nothing,
    id,
    parent,
    kind: 'approval',
    title: message,
    status,
    startedAt: createdAt,
    finishedAt: decidedAt ?? (status === 'expired' ? expiresAt : null),
    wait: status === 'pending' ? { for: 'approval', until: expiresAt } : null,
  }
}

/** A call, and the requests that it sent. */
export function callNodes(call: CallNode, parent: string | null): TraceNode[] {
  const { id, tool, integration, status, error, attempts, requests, startedAt, finishedAt } = call
  const items = requests?.items ?? []
  // A call that is made again under its key starts anew; its first request tells when it began.
  const first = items.map(({ began_at: at }) => new Date(at)).toSorted((a, b) => a.getTime() - b.getTime())[0]
  const { code, detail, message, hint } = error ?? {}
  const node: TraceNode = {
    ...nothing,
    id,
    parent,
    kind: 'call',
    title: tool,
    status,
    startedAt: first && first < startedAt ? first : startedAt,
    finishedAt,
    attempts,
    error:
      typeof code === 'string' ? { code, message: String(detail ?? message ?? ''), hint: typeof hint === 'string' ? hint : null } : null,
    detail: integration,
  }
  const sent = items.map(({ method, host, path, status: answer, began_at: at, ms, error: failed, attempt, purpose }, index): TraceNode => {
    const began = new Date(at)
    return {
      ...nothing,
      id: `${id}#${index + 1}`,
      parent: id,
      kind: 'request',
      title: `${method} ${path ?? host ?? ''}`.trim(),
      status: failed === null && (answer ?? 200) < 400 ? 'completed' : 'failed',
      startedAt: began,
      finishedAt: new Date(began.getTime() + ms),
      attempts: attempt,
      error: failed === null ? null : { code: failed, message: failed, hint: null },
      detail: [answer, purpose === 'call' ? undefined : purpose].filter((part) => part !== undefined && part !== null).join(' ') || null,
    }
  })
  return [node, ...sent]
}

export function deliveryNode(delivery: DeliveryNode, parent: string): TraceNode {
  const { id, endpointId, status, attempts, lastStatus, lastError, nextAt, createdAt, finishedAt } = delivery
  return {
    ...nothing,
    id,
    parent,
    kind: 'delivery',
    title: endpointId,
    status,
    startedAt: createdAt,
    finishedAt,
    attempts,
    wait: status === 'pending' && attempts > 0 ? { for: 'retry', until: nextAt } : null,
    error: lastError === null ? null : { code: status, message: lastError, hint: null },
    detail: lastStatus === null ? null : String(lastStatus),
  }
}
