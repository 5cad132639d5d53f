import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#test'
import { startBench, type Bench } from './fuzz/bench.ts'
import { makeRequest, type FuzzRequest } from './fuzz/request.ts'
import { missingOperations, routesOf } from './fuzz/routes.ts'
import { createCheck, createSender } from './fuzz/send.ts'

const seed = Number(process.env['HUB_FUZZ_SEED'] ?? 20_261_127)
const usualRequests = 10_000
const requests = Number(process.env['HUB_FUZZ_REQUESTS'] ?? usualRequests)
const atOnce = 8
const maxMs = 5000
/** What was deleted or disabled by then is made anew. */
const preparedEvery = 400
/** The subjects of routes that need an outside system, which is not there. */
const outside: ReadonlySet<string> = new Set(['every tool', 'Integrations by name'])
/** More than enough to find the causes. */
const maxFailures = 20

/** As a shell repeats it, in one line. Bytes that are no text are written as they would be in JSON. */
function repeatable({ method, path, headers, body }: FuzzRequest): string {
  const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []))
  const shown = body.length > 3000 ? `${body.subarray(0, 3000).toString('latin1')}… (${body.length} bytes)` : body.toString('latin1')
  return `${method} ${path.slice(0, 1000)}\n  headers ${JSON.stringify(pairs).slice(0, 2000)}\n  body    ${JSON.stringify(shown)}`
}

/** What the log says of a request, because the caller sees no cause. */
function logged({ hub }: Bench, id: unknown): string {
  return hub
    .output()
    .split('\n')
    .filter((line) => typeof id === 'string' && line.includes(id))
    .join('\n')
    .slice(0, 3000)
}

/** Errors in the log, rejected promises among them, except for those of an outside system that is away. */
function errorsIn(output: string): string[] {
  return (
    output
      .split('\n')
      // What is no line of the log was printed by Node.
      .filter((line) => line !== '' && (/"level":"(error|fatal)"/.test(line) || !line.startsWith('{')))
      .filter((line) => !/"code":"(vendor_unreachable|vendor_timeout)"|"status":50[24]\b.*"answered"/.test(line))
      .map((line) => line.slice(0, 2000))
  )
}

test(`no request makes the API fail: ${requests} of them with seed ${seed}`, async (t) => {
  await using bench = await startBench()
  const { hub, document } = bench
  const routes = routesOf(document)
  assert.deepEqual(missingOperations(routes), [])
  const bySubject = Map.groupBy(routes, ({ subject }) => subject)
  const sender = createSender(hub.url, { atOnce, timeoutMs: 2 * maxMs })
  const check = createCheck(document.components.schemas.Problem, maxMs)
  const foreign = await bench.foreign()

  const failures: string[] = []
  const statuses = new Map<number, number>()
  const asked = new Set<string>()
  let slowest = 0
  const ask = async (number: number, request: FuzzRequest): Promise<void> => {
    const answer = await sender.send(request).catch((error: Error) => error)
    const found = answer instanceof Error ? `brought no answer: ${String(answer)}` : check(request, answer)
    if (!(answer instanceof Error)) {
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      slowest = Math.max(slowest, answer.ms)
      if (answer.status < 400) asked.add(`${request.route.method} ${request.route.path}`)
    }
    if (found === undefined) return
    const id = answer instanceof Error ? undefined : answer.headers['x-request-id']
    failures.push(`request ${number} with seed ${seed} ${found}\n${repeatable(request)}\n${logged(bench, id)}`)
  }

  for (let start = 0; start < requests && failures.length < maxFailures; start += preparedEvery) {
    const ingredients = await bench.prepare()
    let next = start
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (next < Math.min(requests, start + preparedEvery)) {
          const number = next++
          // Each with a seed of its own, so that it is the same whichever were answered before it.
          await ask(number, makeRequest(bySubject, ingredients, seededRandom(seed + 7919 * number)))
        }
      }),
    )
  }
  sender.close()
  const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
  t.diagnostic(`slowest ${Math.round(slowest)} ms; ${counts.join(', ')}; ${asked.size} of ${routes.length} routes succeeded`)
  assert.deepEqual(failures, [], failures.join('\n\n'))
  // Requests that are all refused at once would find nothing.
  const alone = routes.filter(({ subject }) => !outside.has(subject))
  const succeeded = alone.filter(({ method, path }) => asked.has(`${method} ${path}`)).length
  if (requests >= usualRequests) assert.ok(succeeded >= 0.75 * alone.length, `only ${succeeded} of ${alone.length} routes succeeded`)
  assert.equal((await fetch(`${hub.url}/healthz`)).status, 200)
  assert.equal(hub.child.exitCode, null)
  assert.deepEqual(errorsIn(hub.output()), [])
  for (const [subject, now] of Object.entries(await bench.foreign()))
    assert.equal(now, foreign[subject], `${subject} of another workspace have changed`)
})
