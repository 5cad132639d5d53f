import { randomBytes } from 'node:crypto'

/** Every id is `prefix_` and a UUIDv7, so ids of one kind sort by age and say what they name. */
export type IdPrefix =
  | 'apr'
  | 'aud'
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
export function uuidv7(now: number = Date.now()): string {
  if (now > lastMillis) {
    lastMillis = now
    sequence = 0
  } else if (++sequence > 0xfff) {
    // A clock that stands still or jumps back: borrow from the future rather than repeat.
    lastMillis += 1
    sequence = 0
  }
  const bytes = randomBytes(16)
  bytes.writeUIntBE(lastMillis, 0, 6)
  bytes.writeUInt16BE(0x7000 | sequence, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function newId<P extends IdPrefix>(prefix: P): `${P}_${string}` {
  return `${prefix}_${uuidv7()}`
}
