import { randomUUID } from 'node:crypto'

/** Every id is `prefix_` and a UUIDv7, so ids of one kind sort by age and say what they name. */
export type IdPrefix =
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

let lastMillis = 0
let sequence = 0

/** RFC 9562 UUIDv7. Within one millisecond a 12-bit counter keeps the order in which ids were made. */
function uuidv7(now: number): string {
  if (now > lastMillis) {
    lastMillis = now
    sequence = 0
  } else if (++sequence > 0xfff) {
    // A clock that stands still or jumps back: borrow from the future rather than repeat.
    lastMillis += 1
    sequence = 0
  }
  const time = lastMillis.toString(16).padStart(12, '0')
  // The variant and 62 random bits as Node makes them for version 4: from a buffer that it fills now and then. `randomBytes` asks the
  // system each time, which was a quarter of a small request.
  const random = randomUUID().slice(19)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}-${random}`
}

export function newId<P extends IdPrefix>(prefix: P, now: number = Date.now()): `${P}_${string}` {
  return `${prefix}_${uuidv7(now)}`
}
