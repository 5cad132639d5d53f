import { createHash } from 'node:crypto'
import { createServer, STATUS_CODES, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

type Frame = Record<string, unknown>

/** One socket that a bus opened. */
export interface ScriptedSocket {
  readonly kind: string
  readonly topic: string
  readonly group: string | undefined
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** What the bus sent over it. */
  readonly frames: Frame[]
  pings: number
  send(content: unknown): void
  sendText(text: string): void
  sendBinary(bytes: Buffer): void
  /** Sends bytes as they are, which may be no frame at all. */
  sendBytes(bytes: Buffer): void
  close(code: number, reason?: string): void
  /** Cuts the connection after what was sent, without a word. */
  cut(): void
}

/** What the server does. Its properties may be set at any time. */
export interface ScriptedPulsar extends AsyncDisposable {
  readonly url: string
  /** The sockets that are open now. */
  readonly sockets: Set<ScriptedSocket>
  /** How often somebody asked for a socket of each kind. */
  readonly asked: Record<string, number>
  handshake: 'accept' | 'hang' | number
  onOpen: (socket: ScriptedSocket) => void
  /** Something was published. Without another rule it is confirmed. */
  onPublished: (frame: Frame, socket: ScriptedSocket) => void
  /** Whether it answers nothing, as the other end of a connection that is broken without a word. */
  silent: boolean
  socketOf(kind: string, topic: string): ScriptedSocket | undefined
}

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

/** A server that speaks the WebSocket API of Pulsar as far as it is told to, and has no broker behind it. */
export async function scriptedPulsar(): Promise<ScriptedPulsar> {
  const connections = new Set<Socket>()
  const server = createServer((_, response) => response.writeHead(404).end())
  server.on('connection', (connection) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    connection.on('error', () => connection.destroy())
    connection.on('end', () => connection.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const scripted: ScriptedPulsar = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets: new Set(),
    asked: {},
    handshake: 'accept',
    onOpen: () => undefined,
    onPublished: confirm,
    silent: false,
    socketOf: (kind, topic) => [...scripted.sockets].find((socket) => socket.kind === kind && socket.topic === topic),
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  server.on('upgrade', (request, connection: Socket) => {
    const [, kind = '', topic = '', group] =
      /^\/ws\/v2\/(\w+)\/persistent\/[^/]+\/[^/]+\/([^/?]+)(?:\/([^/?]+))?/.exec(request.url ?? '') ?? []
    scripted.asked[kind] = (scripted.asked[kind] ?? 0) + 1
    if (scripted.handshake === 'hang') return
    if (typeof scripted.handshake === 'number') {
      const status = `${scripted.handshake} ${STATUS_CODES[scripted.handshake]}`
      connection.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    connection.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    )
    const write = (opcode: number, content: Buffer): void => void connection.write(frameOf(opcode, content))
    const socket: ScriptedSocket = {
      kind,
      topic,
      group,
      query: new URL(request.url ?? '', scripted.url).searchParams,
      headers: request.headers,
      frames: [],
      pings: 0,
      send: (content) => write(opcodes.text, Buffer.from(JSON.stringify(content))),
      sendText: (text) => write(opcodes.text, Buffer.from(text)),
      sendBinary: (bytes) => write(opcodes.binary, bytes),
      sendBytes: (bytes) => void connection.write(bytes),
      close(code, reason = '') {
        const content = Buffer.alloc(2 + Buffer.byteLength(reason))
        content.writeUInt16BE(code)
        content.write(reason, 2)
        connection.end(frameOf(opcodes.close, content))
      },
      cut: () => connection.destroySoon(),
    }
    scripted.sockets.add(socket)
    connection.on('close', () => scripted.sockets.delete(socket))
    readFrames(connection, (opcode, content) => {
      if (opcode === opcodes.ping) socket.pings++
      if (scripted.silent) return undefined
      if (opcode === opcodes.close) return connection.end(frameOf(opcodes.close, content))
      if (opcode === opcodes.ping) write(opcodes.pong, content)
      if (opcode !== opcodes.text) return undefined
      const frame = JSON.parse(content.toString()) as Frame
      socket.frames.push(frame)
      return kind === 'producer' ? scripted.onPublished(frame, socket) : undefined
    })
    scripted.onOpen(socket)
  })
  return scripted
}

export function confirm({ context }: Frame, socket: ScriptedSocket): void {
  socket.send({ result: 'ok', messageId: 'CAAQAA==', context })
}

function frameOf(opcode: number, content: Buffer): Buffer {
  const { length } = content
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = 0x80 | opcode
  if (length < 126) head[1] = length
  else if (length < 65_536) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, content])
}

/** Takes the masked frames of a client from a connection. None of them is in several parts. */
function readFrames(connection: Socket, onFrame: (opcode: number, content: Buffer) => unknown): void {
  let kept: Buffer = Buffer.alloc(0)
  connection.on('data', (part: Buffer) => {
    kept = Buffer.concat([kept, part])
    for (;;) {
      if (kept.length < 6) return
      const short = kept[1]! & 0x7f
      const start = short === 126 ? 8 : short === 127 ? 14 : 6
      if (kept.length < start) return
      const length = short === 126 ? kept.readUInt16BE(2) : short === 127 ? Number(kept.readBigUInt64BE(2)) : short
      if (kept.length < start + length) return
      const mask = kept.subarray(start - 4, start)
      const content = Buffer.from(kept.subarray(start, start + length).map((byte, index) => byte ^ mask[index % 4]!))
      const opcode = kept[0]! & 0x0f
      kept = kept.subarray(start + length)
      onFrame(opcode, content)
    }
  })
}
