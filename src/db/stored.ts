/** What columns of JSON contain. */

export type { Removed } from '#lib/hidden-text'
export type { SentRequests } from '#lib/sent-requests'

/** The call that an approval covers. */
export interface ApprovedCall {
  readonly tool: string
  readonly digest: string
  /** Digest of the flows that it runs. */
  readonly flows: string | null
  readonly integration: string | null
  readonly integrationId: string | null
  readonly config: string | null
  readonly credential: string | null
  readonly askedBy: string
  readonly input: unknown
}

/** Who may have written a result, and who may read it where it came from. */
export interface ResultLabels {
  readonly author: 'trusted' | 'untrusted'
  readonly place: 'private' | 'public'
  readonly integration: string | null
}

/** What a call would send and change, as it was when somebody was asked. */
export interface ApprovalPreview {
  readonly request: unknown
  readonly request_error: string | null
  readonly current: unknown
  readonly current_error: string | null
}

/** What a call changes, as it was before, or why that is not known. */
export type StateBefore = { readonly value: unknown } | { readonly problem: string }

/** What a person allowed an integration to do in the outside system. */
export interface OAuthConnection {
  readonly state: 'not_connected' | 'connected' | 'reconnect_needed'
  /** Who allowed it, as the outside system names them. */
  readonly account: string | null
  readonly scopes: readonly string[]
  readonly features: readonly string[]
  readonly connected_at: string | null
  /** Why it does not hold any more, or what it lacks. */
  readonly problem: string | null
}
