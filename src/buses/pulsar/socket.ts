import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { Socket as Connection } from 'node:net'
import { Agent, buildConnector, ping, WebSocket } from 'undici'

interface Listeners {
  readonly onMessage: (content: unknown) => void
  /** Called once, also when the socket never opened. */
  readonly onClose: (problem: string) => void
}

interface SocketOptions {
  readonly headers: Record<string, string>
  /** How long the broker may take to answer. */
  readonly ms: number
  /** The time between two pings. The broker closes a socket that is idle for five minutes. */
  readonly pingMs: number
  /** Gives up opening it. */
  readonly signal: AbortSignal
}

export interface Socket {
  send(content: unknown): void
  close(): void
}

/** How long the broker may take to close its side. */
const closeMs = 1000
/** undici tells here of every pong that arrives, with the socket that it belongs to. */
const pongs = 'undici:websocket:pong'

/** Opens a socket of Pulsar's WebSocket API. Throws with the broker's reason when it does not open in time. */
export function openSocket(url: string, { headers, ms, pingMs, signal }: SocketOptions, listeners: Listeners): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const connect = buildConnector({ timeout: ms })
    let connection: Connection | null = null
    const dispatcher = new Agent({
      connect: (to, answer) =>
        connect(to, (...result) => {
          connection = result[1]
          answer(...result)
        }),
    })
    const socket = new WebSocket(url, { headers, dispatcher })
    let opened = false
    let ended = false
    let heard = true
    let pinging: NodeJS.Timeout | undefined
    const end = (problem: string, cause: 'broker' | 'hub'): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      clearInterval(pinging)
      unsubscribe(pongs, onPong)
      signal.removeEventListener('abort', onAbort)
      // Closing also ends an attempt to connect.
      socket.close()
      setTimeout(() => connection?.destroy(), closeMs).unref()
      listeners.onClose(problem)
      if (opened) return
      if (cause === 'hub') reject(new Error(problem))
      else void refusalOf(url, headers, { ms, signal }).then((refusal) => reject(new Error(refusal ?? problem)))
    }
    const onPong = (event: unknown): void => {
      if (event instanceof Object && 'websocket' in event && event.websocket === socket) heard = true
    }
    const onAbort = (): void => {
      if (!opened) end('the hub gave up connecting', 'hub')
    }
    const timer = setTimeout(() => end(`the broker does not answer within ${ms} ms`, 'hub'), ms)
    // Some ways through the network break without a word to either side, which shows when a ping is not answered.
    const sendPing = (): void => {
      if (!heard) return end('the broker does not answer a ping', 'hub')
      heard = false
      ping(socket)
    }
    subscribe(pongs, onPong)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    socket.addEventListener('open', () => {
      if (ended) return
      opened = true
      clearTimeout(timer)
      pinging = setInterval(sendPing, pingMs)
      resolve({
        send: (content) => {
          if (!ended) socket.send(JSON.stringify(content))
        },
        close: () => end('the hub closed the connection', 'hub'),
      })
    })
    socket.addEventListener('message', ({ data }) => {
      if (ended) return
      const content = contentOf(data)
      if (content === undefined) end('the broker sent what is not JSON', 'hub')
      else listeners.onMessage(content)
    })
    socket.addEventListener('error', ({ message }) => end(`the connection failed${message ? `: ${message}` : ''}`, 'broker'))
    socket.addEventListener('close', ({ code, reason }) =>
      end(`the broker closed the connection (${code}${reason ? `: ${reason}` : ''})`, 'broker'),
    )
  })
}

function contentOf(data: unknown): unknown {
  if (typeof data !== 'string') return undefined
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

/** Asks again without the WebSocket, which does not tell the status of a refusal. */
function refusalOf(
  url: string,
  headers: Record<string, string>,
  { ms, signal }: Pick<SocketOptions, 'ms' | 'signal'>,
): Promise<string | undefined> {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
  }
  const request = url.startsWith('wss:') ? secureRequest : plainRequest
  return new Promise((resolve) => {
    const asked = request(url.replace(/^ws/, 'http'), { headers: { ...headers, ...handshake }, timeout: ms, agent: false, signal })
    asked.on('response', ({ statusCode, statusMessage }) => {
      asked.destroy()
      resolve(`the broker answers ${statusCode} ${statusMessage}`)
    })
    asked.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve(undefined)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', ({ message }) => resolve(message === 'socket hang up' ? undefined : message))
    asked.end()
  })
}
