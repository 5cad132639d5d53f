import { DBOS } from '@dbos-inc/dbos-sdk'
import pg from 'pg'

/** The floor of the flows bench: the same three steps on DBOS as it comes, started through a queue. Prints a line of JSON for each round asked for. */
const [url, ...rounds] = process.argv.slice(2)
const started = new Map<string, number>()

DBOS.setConfig({
  name: 'floor',
  systemDatabasePool: new pg.Pool({ connectionString: url!, max: 10 }),
  applicationVersion: 'floor',
  logLevel: 'error',
})
const flow = DBOS.registerWorkflow(
  async (n: number) => {
    started.set(DBOS.workflowID!, performance.now())
    let value = n
    for (const name of ['one', 'two', 'three']) value = await DBOS.runStep(async () => value + 1, { name })
    return value
  },
  { name: 'three-steps' },
)
await DBOS.launch()
await DBOS.registerQueue('floor', { minPollingIntervalMs: 50, workerConcurrency: 2000, onConflict: 'always_update' })

for (const round of rounds) {
  const total = Number(round)
  const latencies: number[] = []
  const began = performance.now()
  const handles: { getResult(): Promise<unknown> }[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let n = next++; n < total; n = next++) {
      const id = `${round}-${began}-${n}`
      const asked = performance.now()
      const handle = await DBOS.startWorkflow(flow, { workflowID: id, queueName: 'floor' })(n)
      handles.push({
        getResult: async () => {
          await handle.getResult()
          latencies.push(started.get(id)! - asked)
        },
      })
    }
  }
  await Promise.all(Array.from({ length: 32 }, lane))
  await Promise.all(handles.map((handle) => handle.getResult()))
  const seconds = (performance.now() - began) / 1000
  latencies.sort((a, b) => a - b)
  console.log(
    JSON.stringify({ perSecond: total / seconds, p50: latencies[Math.floor(total / 2)], p99: latencies[Math.floor(total * 0.99)] }),
  )
}
await DBOS.shutdown()
process.exit(0)
