import type { Reading, StoredEvent } from '#events'
import { readable } from '#kit'

/** Reads a message of a bus that is stored as an event. Returns undefined if its body is not JSON, or is nested too deeply. */
export function readMessage({ body }: Pick<StoredEvent, 'body'>): Reading | undefined {
  const data = readable({ headers: {}, body: body ?? Buffer.alloc(0) }).json()
  return data === undefined ? undefined : { data }
}
