/** Why a delivery was refused, and what to look at, by the reason that the hub counts. */
const refusals: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  no_secret: ['There is no secret to verify it with.', 'Make one above, and enter it at the sender.'],
  secret_unusable: ['The stored secret does not have the form that this kind of signature needs.', 'Make another one above.'],
  scheme_invalid: ['The settings of the signature cannot work.', 'Change the settings of the integration.'],
  header_repeated: ['A header came twice.', 'Look at what stands between the sender and the hub.'],
  signature_missing: ['It was not signed.', 'Enter the secret at the sender.'],
  signature_malformed: ['The signature cannot be read.', 'Look whether the sender uses the kind of signature that is set here.'],
  signature_wrong: ['The signature is wrong.', 'Is the same secret on both sides? A proxy must not change the body either.'],
  method_unknown: ['It was signed in a way that the hub does not know.', 'Choose SHA-256 at the sender.'],
  method_weak: ['It was signed with SHA-1, which is not safe.', 'Choose SHA-256 at the sender.'],
  timestamp_missing: ['It does not say when it was sent.', 'Look whether the sender uses the kind of signature that is set here.'],
  timestamp_malformed: ['The time in it cannot be read.', 'Look whether the sender uses the kind of signature that is set here.'],
  timestamp_stale: ['It is too old, or from the future.', 'Set the clocks of both machines. A recorded delivery cannot be sent again.'],
  id_missing: ['It has no id.', 'Look whether the sender uses the kind of signature that is set here.'],
  id_malformed: ['Its id cannot be read.', 'Look whether the sender uses the kind of signature that is set here.'],
  body_unreadable: ['Its body cannot be read.', 'Choose JSON as the content type at the sender.'],
  unknown_hook: ['There is no integration of this name.', 'Correct the URL at the sender.'],
}

export function refusalOf(reason: string): readonly [what: string, remedy: string] {
  return refusals[reason] ?? [`It was refused: ${reason.replaceAll('_', ' ')}.`, 'See the page about webhooks in the documentation.']
}

/** What to do about the last error of an integration, by its kind. */
const remedies: Readonly<Record<string, string>> = {
  authentication: 'Replace the credential or connect it again, then test it.',
  permission: 'Give the account or the token the missing right at the outside system, then test it.',
  rate_limit: 'Wait, or set a lower limit in its settings.',
  network: 'Look whether the address in its settings is right and can be reached from the hub, then test it.',
  timeout: 'The outside system is slow. Try the test again in a while.',
  upstream: 'The outside system has trouble of its own. Try the test again in a while.',
  validation: 'Check its settings, then test it.',
}

export function remedyOf(kind: unknown): string {
  return remedies[String(kind)] ?? 'Test it, and look at its last calls.'
}
