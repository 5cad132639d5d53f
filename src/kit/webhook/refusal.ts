/** Why a delivery is not believed: short enough to be counted by, and never with a word of what was sent. */
export type Refusal =
  | 'no_secret'
  | 'secret_unusable'
  | 'scheme_unsound'
  | 'header_doubled'
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_wrong'
  | 'method_unknown'
  | 'method_weak'
  | 'timestamp_missing'
  | 'timestamp_malformed'
  | 'timestamp_stale'
  | 'id_missing'
  | 'id_malformed'
  | 'body_unreadable'

/** Which of the secrets it was, by its place in the list, or why it was none. */
export type Finding = number | Refusal
