import type { Database } from '#db'
import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { notify } from './store.ts'
import type { Notice } from './types.ts'

/** PostgreSQL commits transactions with a notification one after the other, so there are no more than four a second of each process. */
export const joinMs = 250
/** PostgreSQL refuses 8,000 bytes. */
const maxBytes = 7000

interface PublisherDeps extends Pick<Telemetry, 'notices' | 'logger'> {
  readonly db: Pick<Database, 'sql'>
}

/** Tells all processes what this one changed, until it is disposed of. */
export function startPublisher({ db, notices, logger }: PublisherDeps): AsyncDisposable {
  const stopping = new AbortController()
  let version = 0

  const publish = async (): Promise<void> => {
    version = Math.max(version + 1, Date.now())
    const payloads = notices.take().map((change) => payloadOf({ ...change, version }))
    if (payloads.length === 0) return
    await notify(db.sql, payloads).catch((error: unknown) =>
      logger.debug({ err: error }, 'hints were not sent; whoever watches reads again now and then'),
    )
  }

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await notices.filled(stopping.signal)
      await publish()
      await sleep(joinMs, stopping.signal).catch(() => undefined)
    }
    await publish()
  }
  const running = loop()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}

function payloadOf(notice: Notice): string {
  const payload = JSON.stringify(notice)
  return Buffer.byteLength(payload) <= maxBytes ? payload : JSON.stringify({ ...notice, ids: null })
}
