/** A request that a call sent to an outside system. It has no headers, no body, and no values of the query. */
export interface SentRequest {
  /** `SEND` for what is not HTTP, such as mail. */
  readonly method: string
  readonly host: string | null
  /** Null where the address came from the outside system, because it may be secret as a whole. */
  readonly path: string | null
  /** The names in the query. */
  readonly query: readonly string[]
  /** `authorization`: a token was fetched for the call. `state`: what it changes was read before. */
  readonly purpose: 'call' | 'authorization' | 'state'
  /** Counts the times that the same request was sent. */
  readonly attempt: number
  readonly began_at: string
  readonly ms: number
  readonly status: number | null
  readonly bytes_sent: number
  readonly bytes_received: number | null
  /** What the outside system calls the request in its own log. */
  readonly vendor_id: string | null
  /** An error code of the hub. */
  readonly error: string | null
}

/** Those of one call, oldest first. */
export interface SentRequests {
  readonly items: readonly SentRequest[]
  /** How many more there were. */
  readonly left_out: number
}
