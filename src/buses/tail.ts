import { newId } from '#lib/ids'
import type { Bus, Received } from './types.ts'

/** More are held back by the bus until the reader has taken some. */
const prefetch = 20

/** Receives the messages of a topic from now on, beside those who receive them anyway, until the signal aborts or the reader ends. */
export async function* tail(bus: Bus, topic: string, signal: AbortSignal | undefined): AsyncGenerator<Received> {
  const waiting: { readonly message: Received; readonly taken: () => void }[] = []
  let wake: (() => void) | undefined
  const consumer = bus.consume(topic, {
    group: `hub.tail.${newId('req')}`,
    prefetch,
    temporary: true,
    handle: (message) =>
      new Promise((resolve) => {
        waiting.push({ message, taken: () => resolve('done') })
        wake?.()
      }),
  })
  const onAbort = (): void => wake?.()
  signal?.addEventListener('abort', onAbort)
  try {
    while (!signal?.aborted) {
      for (const { message, taken } of waiting.splice(0)) {
        taken()
        yield message
      }
      if (waiting.length === 0 && !signal?.aborted) await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    for (const { taken } of waiting) taken()
    await consumer[Symbol.asyncDispose]()
  }
}
