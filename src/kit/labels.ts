/** Who can read something in the outside system: those whom it lets in, or everybody and people outside of it. */
export type Place = 'private' | 'public'

/** Who may have written a result, and who can read it where it came from. */
export interface Labels {
  /** `trusted` only if nobody else can have written any of it, such as a confirmation with an id. */
  readonly author: 'trusted' | 'untrusted'
  readonly place: Place
}
