import type { StreamEvent } from '#operations'

const heartbeatMs = 15_000

/** Server-sent events. Browsers wait for seconds before they connect again, unless they are told a shorter time. */
export async function* eventStream(events: AsyncIterable<StreamEvent | undefined>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n'
  let sentAt = Date.now()
  for await (const event of events) {
    if (event === undefined && Date.now() - sentAt < heartbeatMs) continue
    sentAt = Date.now()
    yield event === undefined ? ': heartbeat\n\n' : `id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
  }
}
