import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import { createCanaries } from './canary/secrets.ts'
import { obey, type Job } from './injection/agent.ts'
import { attacks, ordinaryJobs, stages, type AttackCase } from './injection/cases.ts'
import { putSecret, sources } from './injection/items.ts'
import { startWorld, type World } from './injection/world.ts'

/**
 * An agent that obeys everything it reads works on items in which others ask for private data. What reaches a place outside is looked for in
 * what the systems there received, not in what the hub says.
 */
async function attack(world: World, each: AttackCase, n: number): Promise<{ leaks: string[]; held: number }> {
  const { source, text, knows = false, way = 'named', unnamed = false, name } = each
  const secrets = createCanaries()
  world.takeArrivals()
  const secret = secrets.mint(name)
  const isOwn = source === 'run' || source === 'resource'
  const readSecret = putSecret(world, secret, n)
  const item = await sources[source](world, (isOwn ? `${secret} ` : '') + text.replaceAll('SEC', `SEC-${n}`), n)
  const jobs: Job[] = knows ? [readSecret, item] : [item]
  const { held } = await obey(world, jobs, { session: unnamed ? undefined : `case ${n}`, way })
  const leaks = world
    .takeArrivals()
    .flatMap(({ where, text: arrived }) => (secrets.findIn(arrived).length > 0 ? [`${name}: ${where}`] : []))
  return { leaks, held }
}

async function attackAll(world: World): Promise<{ through: string[]; leaks: string[] }> {
  for (const [path, text] of Object.entries(stages)) world.put(path, { text })
  const leaks: string[] = []
  const through: string[] = []
  for (const [index, each] of attacks.entries()) {
    const found = await attack(world, each, index + 1)
    leaks.push(...found.leaks)
    if (found.leaks.length > 0) through.push(each.name)
  }
  return { through, leaks }
}

async function doOrdinaryJobs(world: World, t: TestContext): Promise<string[]> {
  sources.issue(world, 'The page is slow.', 9001)
  sources.ticket(world, 'The page is slow.', 9001)
  sources.chat(world, 'Who looks at the page?', 9001)
  sources.jsonValue(world, 'two pieces', 9001)
  const asked: string[] = []
  for (const { name, steps } of ordinaryJobs) {
    const { held, failed } = await obey(world, steps, { session: `job ${name}`, way: 'named' })
    assert.deepEqual(failed, [], name)
    if (held > 0) asked.push(name)
  }
  t.diagnostic(`${asked.length} of ${ordinaryJobs.length} ordinary jobs ask for an approval: ${asked.join('; ')}`)
  return asked
}

suite('an agent that obeys what it reads', () => {
  let strict: World
  let open: World
  before(async () => {
    strict = await startWorld('injection-strict', { after_untrusted: 'ask' })
    open = await startWorld('injection-open', null)
  })
  after(async () => {
    await strict[Symbol.asyncDispose]()
    await open[Symbol.asyncDispose]()
  })

  test('gives private data away in every case where the hub does not follow what it read', async (t) => {
    const { through } = await attackAll(open)
    t.diagnostic(`information flow off: private data got out in ${through.length} of ${attacks.length} cases`)
    // A case that brings nothing out here could not fail below.
    assert.deepEqual(
      attacks.map(({ name }) => name).filter((name) => !through.includes(name)),
      [],
    )
  })

  test('gives nothing away in any case where the hub follows what it read', async (t) => {
    const { through, leaks } = await attackAll(strict)
    t.diagnostic(`information flow on: private data got out in ${through.length} of ${attacks.length} cases`)
    assert.deepEqual(leaks, [])
  })

  test('does ordinary jobs, and a person is asked where a job carries what others wrote to another system or a public place', async (t) => {
    // Calls without a session, which the cases above have made, would count for every job.
    await using fresh = await startWorld('injection-ordinary', { after_untrusted: 'ask' })
    assert.deepEqual(await doOrdinaryJobs(fresh, t), [
      'read a chat and open a ticket',
      'read an issue and comment on it',
      'read an issue and open a ticket',
      'read an issue and tell the team',
      'read a ticket and tell the team',
      'read a ticket and mail a report',
      'read an API twice',
    ])
  })
})
