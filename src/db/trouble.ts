/** Connection trouble as Node reports it, and PostgreSQL's classes 08 (connection), 53 (resources), 57P (starting or shutting down), and 25006 (a standby). */
const codes = /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOENT|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|08...|25006|53...|57P..)$/

/** Messages of `pg` without a code: broken during or just before a query, no reply, no free connection in time. */
const messages = /connection terminated|connection error and is not queryable|connection timeout|timeout exceeded when trying to connect/i

/** Whether the database is unreachable or overloaded, so that a later attempt can succeed. */
export function isDatabaseTrouble(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown }
  return codes.test(String(code)) || messages.test(String(message))
}

/** Whether a later attempt can succeed: the database is unreachable, or two transactions blocked each other (class 40). */
export function isPassing(error: unknown): boolean {
  const { code = '' } = (error ?? {}) as { code?: unknown }
  return isDatabaseTrouble(error) || /^40...$/.test(String(code))
}
