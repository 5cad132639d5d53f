import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { within } from '#lib/clock'
import { startProxy } from './index.ts'

/** Answers each line with itself, on a Unix socket. */
async function echoServer() {
  const folder = mkdtempSync(join(tmpdir(), 'hub-proxy-'))
  const path = join(folder, 'echo.sock')
  const server = createServer((socket) => void socket.on('error', () => undefined).pipe(socket))
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const said = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}

const broken = async (socket: Socket): Promise<string | undefined> => {
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  return error.code
}

test('the proxy passes bytes, holds them back while paused without breaking the connection, and breaks it when cut', async () => {
  await using target = await echoServer()
  await using proxy = await startProxy({ path: target.path })
  const socket = connect(proxy.port, proxy.host)
  assert.equal(await said(socket, 'one'), 'one')

  proxy.pause()
  const answer = said(socket, 'two')
  const late = connect(proxy.port, proxy.host)
  const lateAnswer = said(late, 'three')
  assert.equal(await within(100, Promise.race([answer, lateAnswer]), 'nothing'), 'nothing')
  proxy.resume()
  assert.deepEqual(await Promise.all([answer, lateAnswer]), ['two', 'three'])

  proxy.cut()
  assert.deepEqual(await Promise.all([broken(socket), broken(late)]), ['ECONNRESET', 'ECONNRESET'])
  assert.equal(await broken(connect(proxy.port, proxy.host)), 'ECONNRESET')

  proxy.resume()
  const again = connect(proxy.port, proxy.host)
  assert.equal(await said(again, 'four'), 'four')
  again.destroy()
})
