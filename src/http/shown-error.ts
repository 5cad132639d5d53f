import { HubError } from '#errors'

/** Characters. An outside system may send a much longer message. */
const longestDetail = 600

/**
 * The error without secrets, its cause included, as it may be stored and shown. The message is cut here and not earlier, because `hide` does not
 * find a secret of which only the first part is left.
 */
export function shownError(error: HubError, hide: <T>(value: T) => T): HubError {
  const { detail, hint, errors, cause } = error.details
  const shown = hide({ ...(detail ? { detail } : {}), ...(hint ? { hint } : {}), ...(errors ? { errors } : {}) })
  return error.with({
    ...shown,
    ...(shown.detail && shown.detail.length > longestDetail ? { detail: `${shown.detail.slice(0, longestDetail)}…` } : {}),
    ...(cause instanceof HubError ? { cause: shownError(cause, hide) } : {}),
  })
}
