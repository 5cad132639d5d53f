import { TRPCClientError } from '@trpc/client'
import type { AppRouter, ErrorShape } from '#client/trpc.ts'

/** What went wrong, as the hub says it, or as the browser does when the hub was not reached. */
export interface Problem {
  readonly code: string
  readonly detail: string
  readonly hint?: string | undefined
  readonly requestId?: string | undefined
  /** The call that failed, where it is in the journal. */
  readonly invocationId?: string | undefined
  /** The approval that the call waits for. */
  readonly approvalId?: string | undefined
  readonly errors: readonly { readonly path: string; readonly message: string }[]
}

export function problemOf(error: unknown): Problem {
  if (error instanceof TRPCClientError) {
    const shape = (error as TRPCClientError<AppRouter>).data as ErrorShape['data'] | null | undefined
    if (shape?.problem) return fromHub(shape.problem)
    if (error.cause instanceof Error && error.cause.name === 'AbortError')
      return { code: 'aborted', detail: 'The request was stopped.', errors: [] }
    return { code: 'unreachable', detail: 'The hub did not answer.', hint: 'Check your connection, then try again.', errors: [] }
  }
  if (isProblem(error)) return fromHub(error)
  return { code: 'failed', detail: error instanceof Error ? error.message : String(error), errors: [] }
}

interface HubProblem {
  readonly code: string
  readonly detail: string
  readonly hint?: string | undefined
  readonly request_id?: string | undefined
  readonly invocation_id?: string | undefined
  readonly approval_id?: string | undefined
  readonly errors?: readonly { readonly path: string; readonly message: string }[] | undefined
}

function isProblem(value: unknown): value is HubProblem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value
}

function fromHub({ code, detail, hint, errors = [], ...ids }: HubProblem): Problem {
  return { code, detail, hint, errors, requestId: ids.request_id, invocationId: ids.invocation_id, approvalId: ids.approval_id }
}
