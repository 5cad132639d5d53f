/** Connection trouble as Node reports it, and PostgreSQL's classes 08 (connection), 53 (resources) and 57P (starting or shutting down). */
const codes = /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|08...|53...|57P..)$/

/** What `pg` says without a code: broken under a query, broken just before one, no answer, no connection free in time. */
const messages = /connection terminated|connection error and is not queryable|connection timeout|timeout exceeded when trying to connect/i

/** The database is away or has too much to do: asking again later may help, and the question was not at fault. */
export function isDatabaseTrouble(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown }
  return codes.test(String(code)) || messages.test(String(message))
}

/** Nobody's fault, and gone when it is done again: the database is away, or two transactions were in each other's way (class 40). */
export function isPassing(error: unknown): boolean {
  const { code = '' } = (error ?? {}) as { code?: unknown }
  return isDatabaseTrouble(error) || /^40...$/.test(String(code))
}
