import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net'

/** Stands between a client and a server, and makes the faults that a network makes. */
export interface Proxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Breaks every connection and refuses new ones, until `resume`. */
  cut(): void
  /** Half-open: connections stay, nothing gets through and nobody is told, until `resume`. */
  pause(): void
  resume(): void
}

/** In front of a TCP port (`{ host, port }`) or a Unix socket (`{ path }`). */
export async function startProxy(target: NetConnectOpts): Promise<Proxy> {
  let mode: 'open' | 'paused' | 'cut' = 'open'
  const pairs = new Set<readonly [Socket, Socket]>()

  const server = createServer((client) => {
    if (mode === 'cut') {
      client.on('error', () => undefined).resetAndDestroy()
      return
    }
    const upstream = connect(target)
    const pair = [client, upstream] as const
    pairs.add(pair)
    for (const [here, there] of [pair, pair.toReversed() as [Socket, Socket]]) {
      here.on('error', () => undefined)
      here.on('close', () => {
        pairs.delete(pair)
        there.destroy()
      })
    }
    if (mode === 'open') join(pair)
  })
  const join = ([client, upstream]: readonly [Socket, Socket]): void => {
    client.pipe(upstream).pipe(client)
  }
  const part = ([client, upstream]: readonly [Socket, Socket]): void => {
    client.unpipe(upstream).pause()
    upstream.unpipe(client).pause()
  }
  const breakAll = (): void => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy()
      upstream.destroy()
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { address, port } = server.address() as AddressInfo
  return {
    host: address,
    port,
    cut() {
      mode = 'cut'
      breakAll()
    },
    pause() {
      mode = 'paused'
      for (const pair of pairs) part(pair)
    },
    resume() {
      if (mode === 'paused') for (const pair of pairs) join(pair)
      mode = 'open'
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        breakAll()
      }),
  }
}
