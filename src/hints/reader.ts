import pg from 'pg'
import type { Database } from '#db'
import { sleep, within } from '#lib/clock'
import { hintKinds, type Telemetry } from '#telemetry'
import { channel } from './store.ts'
import type { Notice } from './types.ts'

export interface Listener {
  readonly onNotice: (notice: Notice) => void
  /** Notices were missed. */
  readonly onGap: () => void
}

/** The one connection of this process that receives hints. It is open while somebody watches. */
export interface Reader extends AsyncDisposable {
  /** Resolves when the listener gets every notice from now on. */
  listen(listener: Listener): Promise<Disposable>
}

interface ReaderDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Pick<Database, 'connection'>
}

const askEveryMs = 10_000
const answerMs = 5000
const minRetryMs = 100
const maxRetryMs = 5000

export function createReader({ db, logger }: ReaderDeps): Reader {
  const listeners = new Set<Listener>()
  let open: Promise<Session> | undefined

  const tell = (payload: string): void => {
    const notice = noticeOf(payload)
    for (const { onNotice, onGap } of listeners) {
      if (notice) onNotice(notice)
      else onGap()
    }
  }

  const connect = async (onLost: () => void): Promise<pg.Client> => {
    const client = new pg.Client({ ...db.connection, application_name: 'integration-hub hints' })
    client.on('error', onLost)
    client.on('end', onLost)
    client.on('notification', ({ payload = '' }) => tell(payload))
    try {
      await client.connect()
      await client.query(`listen ${channel}`)
      return client
    } catch (error) {
      void client.end().catch(() => undefined)
      throw error
    }
  }

  /** Keeps a connection until it is disposed of. The first one has to succeed. */
  const openSession = async (): Promise<Session> => {
    const closing = new AbortController()
    let lost = Promise.withResolvers<void>()
    let client = await connect(() => lost.resolve())

    const renew = async (): Promise<void> => {
      logger.warn('the database connection that receives hints was lost; connecting again')
      for (let pauseMs = minRetryMs; !closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, maxRetryMs)) {
        const next = Promise.withResolvers<void>()
        try {
          client = await connect(() => next.resolve())
          lost = next
          for (const { onGap } of listeners) onGap()
          return
        } catch {
          // The pool logs that the database is unavailable.
          await sleep(pauseMs, closing.signal).catch(() => undefined)
        }
      }
    }

    const keep = async (): Promise<void> => {
      while (!closing.signal.aborted) {
        const isLost = await Promise.race([
          lost.promise.then(() => true),
          sleep(askEveryMs, closing.signal).then(
            // A connection that went silent does not say so by itself.
            () =>
              within(
                answerMs,
                client.query('select 1').then(() => false),
                true,
              ).catch(() => true),
            () => false,
          ),
        ])
        if (!isLost || closing.signal.aborted) continue
        void client.end().catch(() => undefined)
        await renew()
      }
      await client.end().catch(() => undefined)
    }
    const keeping = keep()
    return {
      async [Symbol.asyncDispose]() {
        closing.abort(new Error('closing'))
        await keeping
      },
    }
  }

  const closeUnused = (): void => {
    if (listeners.size > 0) return
    const closed = open
    open = undefined
    void closed?.then((session) => session[Symbol.asyncDispose]()).catch(() => undefined)
  }

  return {
    async listen(listener) {
      listeners.add(listener)
      const leave = (): void => {
        listeners.delete(listener)
        closeUnused()
      }
      try {
        await (open ??= openSession())
      } catch (error) {
        open = undefined
        leave()
        throw error
      }
      return { [Symbol.dispose]: leave }
    },
    async [Symbol.asyncDispose]() {
      listeners.clear()
      const session = await open?.catch(() => undefined)
      open = undefined
      await session?.[Symbol.asyncDispose]()
    },
  }
}

type Session = AsyncDisposable

/** Whoever may use the database may send notifications, and so may a hub of another version. */
function noticeOf(payload: string): Notice | undefined {
  try {
    const notice = JSON.parse(payload) as Notice
    const { workspaceId, kind, ids, version } = notice
    const isKnown = typeof workspaceId === 'string' && hintKinds.includes(kind) && typeof version === 'number'
    return isKnown && (ids === null || Array.isArray(ids)) ? notice : undefined
  } catch {
    return undefined
  }
}
