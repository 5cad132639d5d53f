import { randomUUID } from 'node:crypto'

/** Every id is `prefix_` and a UUIDv7, so ids show their kind, and ids of one kind sort by age. */
type IdPrefix =
  | 'app'
  | 'apr'
  | 'ath'
  | 'att'
  | 'aud'
  | 'blk'
  | 'cli'
  | 'cred'
  | 'del'
  | 'dev'
  | 'doc'
  | 'end'
  | 'evt'
  | 'exe'
  | 'fbk'
  | 'flow'
  | 'grn'
  | 'int'
  | 'inv'
  | 'ivt'
  | 'job'
  | 'lnk'
  | 'msg'
  | 'req'
  | 'run'
  | 'scr'
  | 'sin'
  | 'src'
  | 'sub'
  | 'syn'
  | 'tok'
  | 'usr'
  | 'ws'

let lastMillis = -1
let sequence = 0
/** The text of `lastMillis`, which many ids share. */
let timePart = ''

function setTime(millis: number): void {
  lastMillis = millis
  sequence = 0
  const hex = millis.toString(16).padStart(12, '0')
  timePart = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
}

/** RFC 9562 UUIDv7. Within one millisecond a 12-bit counter keeps the order of creation. */
function uuidv7(now: number): string {
  if (now > lastMillis) setTime(now)
  // The clock did not advance or jumped back. A time in the future is better than a repeated id.
  else if (++sequence > 0xfff) setTime(lastMillis + 1)
  // The variant and the 62 random bits come from Node's version 4 UUID, which uses a buffer of random bytes. `randomBytes` calls the system
  // each time, which took a quarter of the time of a small request.
  return `${timePart}${(0x1000 + sequence).toString(16).slice(1)}-${randomUUID().slice(19)}`
}

/** Clocks of processes differ, and a row may be stored a little after its id was made. */
const skewMs = 3_600_000
const lastMillis48 = 2 ** 48 - 1

/** How the ids of rows begin that were made at this time; no id of a later time sorts before it. */
export function idsFrom(prefix: IdPrefix, time: Date): string {
  const hex = Math.min(Math.max(0, time.getTime()), lastMillis48).toString(16).padStart(12, '0')
  return `${prefix}_${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** Ids between which all rows of a time range are. A list by id finds them by its index, and then looks at their times. */
export function idRange(
  prefix: IdPrefix,
  { from, to }: { readonly from?: Date | undefined; readonly to?: Date | undefined },
): { readonly least: string | undefined; readonly below: string | undefined } {
  return {
    least: from && idsFrom(prefix, new Date(from.getTime() - skewMs)),
    below: to && idsFrom(prefix, new Date(to.getTime() + skewMs)),
  }
}

export function newId<P extends IdPrefix>(prefix: P, now: number = Date.now()): `${P}_${string}` {
  return `${prefix}_${uuidv7(now)}`
}
