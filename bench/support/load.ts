import { Pool } from 'undici'

export interface LoadResult {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

export interface LoadRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  headers?(): Record<string, string>
  readonly body?: string
  /** Both anew for each request. */
  make?(): { headers: Record<string, string>; body: string }
}

/** So many callers, each sending its next request when the last is answered; times in milliseconds, as each caller sees them. */
export async function load(
  origin: string,
  request: LoadRequest,
  { callers, total }: { callers: number; total: number },
): Promise<LoadResult> {
  const pool = new Pool(origin, { connections: callers, pipelining: 1 })
  const times = new Float64Array(total)
  let next = 0
  const call = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) {
      const began = performance.now()
      const made = request.make?.()
      const reply = await pool.request({
        method: request.method,
        path: request.path,
        headers: made?.headers ?? request.headers?.() ?? {},
        body: made?.body ?? request.body ?? null,
      })
      const text = await reply.body.text()
      if (reply.statusCode >= 300) throw new Error(`${request.path} answered ${reply.statusCode}: ${text.slice(0, 300)}`)
      times[index] = performance.now() - began
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: callers }, call))
  const seconds = (performance.now() - began) / 1000
  await pool.close()
  times.sort()
  return { perSecond: total / seconds, p50: times[Math.floor(total * 0.5)]!, p99: times[Math.floor(total * 0.99)]! }
}
