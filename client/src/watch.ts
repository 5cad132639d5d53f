import { HubError } from './errors.ts'
import { prepare } from './request.ts'
import { attemptOf, authorize, backoffMs, pause, reasonOf } from './send.ts'
import type { HubSettings, Options, Route, RunEvent } from './types.ts'

const defaultRetries = 5
/** The hub sends a sign of life every 15 seconds. */
const silenceMs = 45_000

/** Follows a run to its end. When the connection is cut, it connects again and goes on after the last event. */
export function createWatch(settings: HubSettings) {
  return async function* watch(route: Route, input: object = {}, options: Options = {}): AsyncGenerator<RunEvent, void> {
    const { retries = settings.retries ?? defaultRetries, timeoutMs = silenceMs, signal } = options
    let after: string | undefined
    let failures = 0
    for (;;) {
      const request = await authorize(settings, prepare(route, after === undefined ? input : { ...input, after }, settings))
      const silence = new AbortController()
      const limit = AbortSignal.any([silence.signal, ...(signal ? [signal] : [])])
      const inTime = limitSilence(silence, timeoutMs)
      try {
        const headers = { ...request.headers, accept: 'text/event-stream' }
        const response = await inTime(attemptOf(settings, { ...request, headers }, limit))
        for await (const event of eventsOf(response, inTime)) {
          failures = 0
          after = event.id
          yield event
          if (event.event === 'run' && event.data.finished_at !== null) return
        }
        throw new Error('the stream ended before the run did')
      } catch (failure) {
        const error = reasonOf(failure, request.url, signal)
        const waitMs =
          error instanceof HubError && error.retryable && failures < retries ? backoffMs(failures, error.retryAfter) : undefined
        if (waitMs === undefined) throw error
        failures += 1
        await pause(waitMs, signal)
      } finally {
        // Also when the caller leaves its loop, because the connection would stay open.
        silence.abort()
      }
    }
  }
}

async function* eventsOf(response: Response, inTime: InTime): AsyncGenerator<RunEvent, void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) return
  let text = ''
  for (;;) {
    const { done, value = '' } = await inTime(reader.read())
    if (done) return
    text += value
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parse(block)
      if (event) yield event
    }
  }
}

type InTime = <Value>(promise: Promise<Value>) => Promise<Value>

/** Ends a connection that says nothing, which a network that lost it does not report. */
function limitSilence(silence: AbortController, ms: number): InTime {
  return async (promise) => {
    const timer = setTimeout(() => silence.abort(new DOMException('the stream is silent', 'TimeoutError')), ms)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Comments are signs of life. */
function parse(block: string): RunEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const at = line.indexOf(':')
      return [line.slice(0, at), line.slice(at + 1).trimStart()]
    }),
  )
  const [id, event, data] = [fields.get('id'), fields.get('event'), fields.get('data')]
  if (id === undefined || data === undefined || (event !== 'run' && event !== 'step')) return undefined
  return { id, event, data: JSON.parse(data) }
}
