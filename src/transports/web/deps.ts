import type { People } from '#access'
import type { Origins } from '#transports/rest'

/** What the pages need. */
export interface WebDeps {
  readonly people: People
  readonly origins: Origins
}
