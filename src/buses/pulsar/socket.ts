import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { WebSocket } from 'undici'

interface Listeners {
  readonly onMessage: (content: unknown) => void
  /** Called once, also when the socket never opened. */
  readonly onClose: (problem: string) => void
}

interface SocketOptions {
  readonly headers: Record<string, string>
  /** How long the broker may take to answer. */
  readonly ms: number
}

export interface Socket {
  send(content: unknown): void
  close(): void
}

/** Opens a socket of Pulsar's WebSocket API. Throws with the broker's reason when it does not open in time. */
export function openSocket(url: string, { headers, ms }: SocketOptions, listeners: Listeners): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers })
    let opened = false
    let ended = false
    const end = (problem: string): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      // Closing also ends an attempt to connect.
      socket.close()
      listeners.onClose(problem)
      if (!opened) void refusalOf(url, headers, ms).then((refusal) => reject(new Error(refusal ?? problem)))
    }
    const timer = setTimeout(() => end(`the broker does not answer within ${ms} ms`), ms)
    socket.addEventListener('open', () => {
      if (ended) return
      opened = true
      clearTimeout(timer)
      resolve({
        send: (content) => {
          if (!ended) socket.send(JSON.stringify(content))
        },
        close: () => end('the hub closed the connection'),
      })
    })
    socket.addEventListener('message', ({ data }) => {
      if (ended) return
      const content = contentOf(data)
      if (content === undefined) end('the broker sent what is not JSON')
      else listeners.onMessage(content)
    })
    socket.addEventListener('error', () => end('the connection failed'))
    socket.addEventListener('close', ({ code, reason }) => end(`the broker closed the connection (${code}${reason ? `: ${reason}` : ''})`))
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
function refusalOf(url: string, headers: Record<string, string>, ms: number): Promise<string | undefined> {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
  }
  const request = url.startsWith('wss:') ? secureRequest : plainRequest
  return new Promise((resolve) => {
    const asked = request(url.replace(/^ws/, 'http'), { headers: { ...headers, ...handshake }, timeout: ms, agent: false })
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
