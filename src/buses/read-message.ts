import type { Reading, StoredEvent } from '#events'

/** Reads a message of a bus that is stored as an event. Returns undefined if its body is not JSON. */
export function readMessage({ body }: StoredEvent): Reading | undefined {
  try {
    return { data: JSON.parse(body?.toString() ?? '') as unknown }
  } catch {
    return undefined
  }
}
