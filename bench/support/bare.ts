import Fastify from 'fastify'

/** The floor: fastify as it comes, answering what the hub's health does, and doing nothing else. */
const app = Fastify()
app.get('/api/v1/health', async () => ({ status: 'ok', version: '0.0.0' }))
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
process.once('SIGTERM', () => void app.close())
