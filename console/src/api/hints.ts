import { useEffect, useRef } from 'react'
import { connection } from './connection.ts'
import { workspace } from './place.ts'

/** Something changed. Whoever shows it reads it again; a hint has no data. Without an id, many of the kind changed; `resync` means anything. */
export interface Hint {
  readonly kind: string
  readonly id: string | null
}

type Listener = (hint: Hint) => void

const listeners = new Set<Listener>()
const resync: readonly Hint[] = [{ kind: 'resync', id: null }]
const channel = new BroadcastChannel(`hub.hints.${workspace ?? ''}`)
const firstDelayMs = 500
const longestDelayMs = 15_000
const longestSilenceMs = 40_000

channel.addEventListener('message', ({ data }: MessageEvent<readonly Hint[]>) => {
  // The tab that reads the stream got something from the hub.
  connection.found('stream')
  tell(data)
})

function tell(hints: readonly Hint[]): void {
  hints.forEach((hint) => listeners.forEach((listener) => listener(hint)))
}

/** One tab of the workspace reads the stream and passes the hints on: a browser opens only six connections to a hub without HTTP/2. */
export function startHints(): void {
  // Over http, browsers have locks at localhost only. Without them each tab reads a stream of its own.
  const locks = navigator.locks as LockManager | undefined
  void (locks ? locks.request(`hub.hints.${workspace ?? ''}`, readForEver) : readForEver())
}

async function readForEver(): Promise<never> {
  let isFirst = true
  for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, longestDelayMs)) {
    const received = await readStream(isFirst).catch(() => false)
    if (received) {
      delay = firstDelayMs / 2
      isFirst = false
    } else if (navigator.onLine) connection.lost('stream')
    await pause(delay)
  }
}

/** Waits, but no longer than until the browser has a network again. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      window.removeEventListener('online', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    window.addEventListener('online', end)
  })
}

/** Lists of this tab are looked at again at once after something that the person did. */
export function hintOwnChange(): void {
  tell(resync)
}

function pass(hints: readonly Hint[]): void {
  tell(hints)
  channel.postMessage(hints)
}

/**
 * Reads until the hub ends the stream, which it does at least every ten minutes. A stream may also be dead without a sign: it ends when nothing
 * came for 40 s, because the hub sends something every 15, and when the browser has a network again. Returns whether there was a stream.
 */
async function readStream(isFirst: boolean): Promise<boolean> {
  const over = new AbortController()
  const end = (): void => over.abort()
  let silence = setTimeout(end, longestSilenceMs)
  window.addEventListener('online', end)
  try {
    const headers = { accept: 'text/event-stream', 'hub-workspace': workspace ?? '' }
    const response = await fetch('/api/v1/hints', { headers, signal: over.signal })
    if (response.status === 401) connection.signedOut()
    if (!response.ok || !response.body) return false
    connection.found('stream')
    // What changed while nothing was read is not known.
    if (!isFirst) pass(resync)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true as const, value: undefined }))
      if (done) return true
      clearTimeout(silence)
      silence = setTimeout(end, longestSilenceMs)
      const parts = (rest + value).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) read(part)
    }
  } finally {
    clearTimeout(silence)
    window.removeEventListener('online', end)
  }
}

function read(message: string): void {
  const field = (name: string): string | undefined =>
    message
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim()
  const name = field('event')
  const data = field('data')
  if (name === 'resync') pass(resync)
  else if (name === 'hints' && data !== undefined) pass((JSON.parse(data) as { readonly hints: readonly Hint[] }).hints)
}

export interface HintsOptions {
  /** Only hints that name one of these ids count, and those that name none. Without it, all of the kinds do. */
  readonly ids?: readonly string[] | undefined
  readonly pauseMs?: number
}

/** Calls back for hints of some kinds, at most once in `pauseMs`, and only while the tab is seen. Lists of kinds must not change between renders. */
export function useHints(kinds: readonly string[], onHint: () => void, { ids, pauseMs = 1000 }: HintsOptions = {}): void {
  const wanted = useRef(ids)
  useEffect(() => void (wanted.current = ids))
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let last = 0
    let isWaiting = false
    const run = (): void => {
      timer = undefined
      if (document.hidden) return void (isWaiting = true)
      last = Date.now()
      onHint()
    }
    const listen: Listener = ({ kind, id }) => {
      if (kind !== 'resync' && !kinds.includes(kind)) return
      if (id !== null && wanted.current?.includes(id) === false) return
      timer ??= setTimeout(run, Math.max(0, last + pauseMs - Date.now()))
    }
    const seen = (): void => {
      if (document.hidden || !isWaiting) return
      isWaiting = false
      run()
    }
    listeners.add(listen)
    document.addEventListener('visibilitychange', seen)
    return () => {
      clearTimeout(timer)
      listeners.delete(listen)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [kinds, onHint, pauseMs])
}
