import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import pg from 'pg'

/**
 * The floors of the webhooks bench: what anybody would write first. `verify` checks the signature and answers; `insert` stores each request
 * with a statement and a commit of its own as well.
 */
const [port, mode, connection] = process.argv.slice(2)
const secret = 'bench-webhook-secret'
const pool = mode === 'insert' ? new pg.Pool({ ...(JSON.parse(connection!) as pg.PoolConfig), max: 20 }) : undefined
await pool?.query(
  'create table if not exists floor (id bigint generated always as identity primary key, at timestamptz, headers jsonb, body bytea)',
)

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const body = Buffer.concat(chunks)
    const wanted = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`)
    const given = Buffer.from(String(request.headers['x-hub-signature-256']))
    if (request.method === 'POST' && (wanted.length !== given.length || !timingSafeEqual(wanted, given)))
      return void response.writeHead(401).end()
    await pool?.query({
      name: 'insert',
      text: 'insert into floor (at, headers, body) values ($1, $2, $3)',
      values: [new Date(), JSON.stringify(request.headers), body],
    })
    response.writeHead(request.method === 'GET' ? 200 : 202, { 'content-type': 'application/json' })
    response.end('{"status":"accepted"}')
  })
})
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.closeAllConnections()
  server.close()
  void pool?.end()
})
