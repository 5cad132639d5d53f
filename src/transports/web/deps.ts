import type { Access, People } from '#access'
import type { Apps } from '#apps'
import type { Origins } from '#transports/rest'

/** What the pages need. */
export interface WebDeps {
  readonly people: People
  readonly access: Pick<Access, 'deviceLogins'>
  readonly apps: Apps
  readonly origins: Origins
}
