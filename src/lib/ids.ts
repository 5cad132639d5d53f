import { randomUUID } from 'node:crypto'

/** Every id is `prefix_` and a UUIDv7, so ids of one kind sort by age and say what they name. */
type IdPrefix =
  | 'apr'
  | 'aud'
  | 'cli'
  | 'cred'
  | 'del'
  | 'end'
  | 'evt'
  | 'exe'
  | 'flow'
  | 'int'
  | 'inv'
  | 'job'
  | 'req'
  | 'run'
  | 'sub'
  | 'tok'
  | 'ws'

let lastMillis = -1
let sequence = 0
/** The text of `lastMillis`: many ids share it. */
let timePart = ''

function setTime(millis: number): void {
  lastMillis = millis
  sequence = 0
  const hex = millis.toString(16).padStart(12, '0')
  timePart = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
}

/** RFC 9562 UUIDv7. Within one millisecond a 12-bit counter keeps the order in which ids were made. */
function uuidv7(now: number): string {
  if (now > lastMillis) setTime(now)
  // A clock that stands still or jumps back: borrow from the future rather than repeat.
  else if (++sequence > 0xfff) setTime(lastMillis + 1)
  // The variant and 62 random bits as Node makes them for version 4: out of a buffer that it fills now and then. `randomBytes` asks the
  // system each time, which was a quarter of a small request.
  return `${timePart}${(0x1000 + sequence).toString(16).slice(1)}-${randomUUID().slice(19)}`
}

export function newId<P extends IdPrefix>(prefix: P, now: number = Date.now()): `${P}_${string}` {
  return `${prefix}_${uuidv7(now)}`
}
