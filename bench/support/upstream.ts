import { createServer } from 'node:http'

/** The outside system of the tools bench: it answers a kilobyte at once. */
const body = JSON.stringify({ ok: 1, text: 'x'.repeat(1000) })
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1')
process.once('SIGTERM', () => {
  server.closeAllConnections()
  server.close()
})
