import type { ResponseRules, VendorErrorCode } from '#kit'

/** Slack answers 200 and reports errors in the body. */
const meanings: Readonly<Record<string, VendorErrorCode>> = {
  invalid_auth: 'vendor_unauthorized',
  not_authed: 'vendor_unauthorized',
  account_inactive: 'vendor_unauthorized',
  token_revoked: 'vendor_unauthorized',
  token_expired: 'vendor_unauthorized',
  missing_scope: 'vendor_forbidden',
  not_allowed_token_type: 'vendor_forbidden',
  no_permission: 'vendor_forbidden',
  restricted_action: 'vendor_forbidden',
  not_in_channel: 'vendor_forbidden',
  cant_update_message: 'vendor_forbidden',
  cant_delete_message: 'vendor_forbidden',
  ekm_access_denied: 'vendor_forbidden',
  channel_not_found: 'vendor_not_found',
  message_not_found: 'vendor_not_found',
  user_not_found: 'vendor_not_found',
  users_not_found: 'vendor_not_found',
  file_not_found: 'vendor_not_found',
  thread_not_found: 'vendor_not_found',
  not_found: 'vendor_not_found',
  ratelimited: 'vendor_rate_limited',
  rate_limited: 'vendor_rate_limited',
  message_limit_exceeded: 'vendor_rate_limited',
  internal_error: 'vendor_failed',
  fatal_error: 'vendor_failed',
  service_unavailable: 'vendor_failed',
  team_added_to_org: 'vendor_failed',
  name_taken: 'vendor_conflict',
  already_reacted: 'vendor_conflict',
  already_archived: 'vendor_conflict',
  already_in_channel: 'vendor_conflict',
  hash_conflict: 'vendor_conflict',
  duplicate_message_not_found: 'vendor_conflict',
}

export const responseRules: ResponseRules = {
  // Each of Slack's methods has a limit of its own.
  isPartialLimit: () => true,
  errorIn: (body, status) => {
    const reply = body as { ok?: unknown; error?: unknown; needed?: unknown; response_metadata?: { messages?: unknown } } | undefined
    if (status !== 200 || reply?.ok !== false) return undefined
    const error = typeof reply.error === 'string' ? reply.error : 'unknown_error'
    const more = [
      typeof reply.needed === 'string' ? `needed scope: ${reply.needed}` : '',
      Array.isArray(reply.response_metadata?.messages) ? reply.response_metadata.messages.join('; ') : '',
    ]
    return { code: meanings[error] ?? 'vendor_rejected', message: [error, ...more].filter(Boolean).join('; ') }
  },
  message: (body) => {
    const { error } = (body ?? {}) as { error?: unknown }
    return typeof error === 'string' ? error : undefined
  },
}
