import { tracked, type TrackedEnvelope } from '@trpc/server'
import { hubError } from '#errors'
import type { StreamEvent } from '#operations'

/** How many streams a process keeps open, and of them one caller: others must get some too. */
export interface StreamLimits {
  readonly all: number
  readonly ofCaller: number
}

export interface Streams {
  /** Counts a stream of an owner until it is disposed of. Throws if there are too many. */
  open(owner: string): Disposable
}

export function createStreams(limits: StreamLimits = { all: 500, ofCaller: 20 }): Streams {
  const byOwner = new Map<string, number>()
  let all = 0
  return {
    open(owner) {
      const open = byOwner.get(owner) ?? 0
      if (open >= limits.ofCaller) throw limited(`this token has ${limits.ofCaller} streams open here`)
      if (all >= limits.all) throw limited(`${limits.all} streams are open here`)
      all += 1
      byOwner.set(owner, open + 1)
      return {
        [Symbol.dispose]: () => {
          all -= 1
          const left = byOwner.get(owner)! - 1
          if (left > 0) byOwner.set(owner, left)
          else byOwner.delete(owner)
        },
      }
    },
  }
}

function limited(detail: string) {
  return hubError('streams_limited', { detail, retryAfter: 5 })
}

/** An event without its id, which the client gets beside it. */
export type Change = Omit<StreamEvent, 'id'>

/** The stream pulls: an event is read from its source only when the one before it has been sent. */
export async function* trackedEvents(events: AsyncIterable<StreamEvent | undefined>): AsyncGenerator<TrackedEnvelope<Change>, void> {
  for await (const event of events) if (event !== undefined) yield tracked(event.id, { event: event.event, data: event.data })
}
