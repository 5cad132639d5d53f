import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { createExpressions } from '#expressions'
import { JobLost } from '#engine'
import { hubError } from '#errors'
import { toExecutable, type Definition, type ExecutableDefinition } from '../definitions/index.ts'
import { StepFailed } from './error.ts'
import type { Runtime, StepRecord } from './runtime.ts'
import { Suspended } from './signals.ts'
import { walk } from './walk.ts'

/** The state that survives a process: the run's records and its outside effects. */
function createWorld() {
  return {
    now: Date.UTC(2026, 0, 1),
    steps: new Map<string, StepRecord>(),
    /** The number of executions and the output of each call, by key. */
    calls: new Map<string, { times: number; output: unknown }>(),
    tries: new Map<string, number>(),
    emitted: new Map<string, number>(),
    children: new Map<string, { times: number; parameters: unknown; isOver: boolean }>(),
    asked: new Map<string, { times: number; isDecided: boolean }>(),
    expected: new Map<string, StepRecord>(),
  }
}

type World = ReturnType<typeof createWorld>

const overStatuses = new Set(['completed', 'failed', 'skipped'])
const expressions = createExpressions()
after(() => expressions[Symbol.asyncDispose]())

/** A process that executes a run and dies at its n-th outside call, half of the time before the effect and half after it. */
function createProcess(world: World, diesAt = Number.POSITIVE_INFINITY) {
  let dealings = 0
  let isDead = false
  const deal = async <T>(effect: () => T): Promise<T> => {
    dealings += 1
    if (dealings < diesAt && !isDead) {
      const result = effect()
      await Promise.resolve()
      if (!isDead) return result
    }
    if (!isDead && dealings % 2 === 0) effect()
    isDead = true
    // This ends the execution at once, without any handling.
    throw new JobLost()
  }
  const records = new Map(structuredClone([...world.steps]))
  const keep = (record: StepRecord): boolean => {
    records.set(record.path, record)
    if (overStatuses.has(world.steps.get(record.path)?.status ?? '')) return false
    world.steps.set(record.path, JSON.parse(JSON.stringify(record)) as StepRecord)
    return true
  }
  const runtime: Runtime = {
    workspaceId: 'wsp_1',
    expressions,
    signal: new AbortController().signal,
    afterCancel: () => runtime,
    deadline: undefined,
    dryRun: false,
    now: () => world.now,
    known: (path) => records.get(path),
    save: (record) => deal(() => void keep(record)),
    show: () => undefined,
    wakeRequests: () => 0,
    refresh: async () => undefined,
    recorded: () => undefined,
    script: () => Promise.reject(new Error('these flows have no scripts')),
    async call({ key, uses, input }) {
      const answer = await deal(() => {
        const done = world.calls.get(key)
        if (done) return { output: done.output }
        const tries = (world.tries.get(key) ?? 0) + 1
        world.tries.set(key, tries)
        if (uses === 'breaks') return { error: hubError('vendor_not_found', { detail: 'no such thing' }) }
        if (uses === 'flaky' && tries < 3) return { error: hubError('vendor_failed', { detail: 'try again' }) }
        const output = { did: uses, with: input, key }
        world.calls.set(key, { times: 1, output })
        return { output }
      })
      if ('error' in answer) throw answer.error
      return { output: answer.output, invocationId: `inv_${key}` }
    },
    child: (path, _flow, parameters) =>
      deal(() => {
        const child = world.children.get(path)
        if (!child) world.children.set(path, { times: 1, parameters, isOver: false })
        return child?.isOver ? { status: 'completed', outputs: { of: child.parameters } } : { status: 'running' }
      }),
    expect: (record) =>
      deal(() => {
        keep(record)
        world.expected.set(record.path, record)
      }),
    forget: (path) => deal(() => void world.expected.delete(path)),
    ask: (path) =>
      deal(() => {
        if (!world.asked.has(path)) world.asked.set(path, { times: 1, isDecided: false })
        return `apr_${path}`
      }),
    approval: (id) =>
      deal(() =>
        world.asked.get(id.slice(4))!.isDecided
          ? { status: 'approved', by: 'boss', comment: null }
          : { status: 'pending', until: world.now + 86_400_000 },
      ),
    emit: (record, { type }) =>
      deal(() => {
        const isNew = keep({ ...record, status: 'completed', output: { type }, finishedAt: world.now })
        if (isNew) world.emitted.set(record.path, (world.emitted.get(record.path) ?? 0) + 1)
      }),
  }
  return runtime
}

/** The outside changes while the run waits: people decide, flows end, events arrive, time passes. */
function comes(world: World, until: number | undefined): void {
  for (const asked of world.asked.values()) asked.isDecided = true
  for (const child of world.children.values()) child.isOver = true
  for (const [path, record] of world.expected)
    world.steps.set(path, { ...record, status: 'completed', output: { type: 'came', path }, until: null, finishedAt: world.now })
  world.expected.clear()
  world.now = Math.max(world.now + 1, until ?? 0)
}

interface Ended {
  readonly outcome: unknown
  readonly world: World
  readonly deaths: number
}

/** Executes a run from its start to its end, in as many processes as that takes. */
async function runToItsEnd(definition: ExecutableDefinition, deaths: readonly number[]): Promise<Ended> {
  const world = createWorld()
  let died = 0
  for (let taken = 0; ; taken++) {
    assert.ok(taken < 2000, 'it goes on for ever')
    try {
      const outputs = await walk(createProcess(world, deaths[died]), definition, { parameters: { n: 3 } })
      return { outcome: { outputs }, world, deaths: died }
    } catch (thrown) {
      if (thrown instanceof JobLost) died += 1
      else if (thrown instanceof Suspended) comes(world, thrown.until)
      else if (thrown instanceof StepFailed) return { outcome: { error: thrown.error }, world, deaths: died }
      else throw thrown
    }
  }
}

/** Definitions in which later steps may use the outputs of earlier ones. Ids are assigned afterwards. */
const { steps: blocks } = fc.letrec<{ steps: Shape[]; step: Shape }>((tie) => ({
  steps: fc.array(tie('step'), { minLength: 1, maxLength: 4 }),
  step: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom<Shape>(
      { kind: 'transform' },
      { kind: 'write' },
      { kind: 'write' },
      { kind: 'flaky' },
      { kind: 'breaks' },
      { kind: 'passes' },
      { kind: 'perhaps' },
      { kind: 'blunder' },
      { kind: 'now' },
      { kind: 'later' },
      { kind: 'child' },
      { kind: 'event' },
      { kind: 'approve' },
      { kind: 'emit' },
    ),
    fc.record({ kind: fc.constantFrom('if', 'switch', 'each', 'eachAtOnce', 'parallel', 'try'), one: tie('steps'), two: tie('steps') }),
  ),
}))

interface Shape {
  readonly kind: string
  readonly one?: readonly Shape[]
  readonly two?: readonly Shape[]
}

function define(shapes: readonly Shape[]): ExecutableDefinition {
  let count = 0
  const listOf = (list: readonly Shape[], before: string): { id: string }[] => {
    const steps: { id: string }[] = []
    for (const shape of list) steps.push(stepOf(shape, steps.at(-1)?.id ?? before))
    return steps
  }
  const stepOf = ({ kind, one = [], two = [] }: Shape, before: string): { id: string } => {
    const id = `s${(count += 1)}`
    const seen = `\${{ steps.${before} }}`
    const inside = (list: readonly Shape[], from = before): { id: string }[] => listOf(list, from)
    const kinds: Record<string, () => Record<string, unknown>> = {
      transform: () => ({ transform: { seen, n: '${{ parameters.n + 1 }}' } }),
      write: () => ({ uses: 'write', with: { seen } }),
      flaky: () => ({ uses: 'flaky', retry: { attempts: 5, backoff: '1h' } }),
      breaks: () => ({ uses: 'breaks' }),
      passes: () => ({ uses: 'breaks', on_error: 'continue' }),
      perhaps: () => ({ uses: 'write', if: `steps.${before}.status = "completed"` }),
      blunder: () => ({ uses: 'write', if: 'parameters + 1 = 2', on_error: 'continue' }),
      now: () => ({ wait: '0ms' }),
      later: () => ({ wait: '1h' }),
      child: () => ({ flow: 'other', with: { seen } }),
      event: () => ({ wait_for: { event: 'a.b', timeout: '90d' } }),
      approve: () => ({ approve: { message: 'May I?', call: { uses: 'write', with: { seen } } } }),
      emit: () => ({ emit: { type: 'a.b', data: seen } }),
      if: () => ({ if: `steps.${before}.status = "failed"`, then: inside(one), else: inside(two) }),
      switch: () => ({
        switch: { on: `\${{ steps.${before}.status }}`, cases: [{ when: 'completed', steps: inside(one) }], default: inside(two) },
      }),
      each: () => ({ for_each: { in: [1, 2, 3], steps: inside(one) } }),
      eachAtOnce: () => ({ for_each: { in: ['a', 'b', 'c', 'd'], max_parallel: 3, on_error: 'continue', steps: inside(one) } }),
      parallel: () => ({ parallel: { branches: { left: inside(one), right: inside(two) } } }),
      try: () => ({
        try: { steps: inside(one) },
        catch: { steps: inside(two, `s${count}`) },
        finally: { steps: inside([{ kind: 'write' }], `s${count}`) },
      }),
    }
    return { id, ...kinds[kind]!() }
  }
  const steps = listOf(shapes, 's0')
  const outputs = Object.fromEntries(Array.from({ length: count }, (_, n) => [`s${n}`, `\${{ steps.s${n} }}`]))
  return toExecutable({ id: 'random', steps, outputs } as unknown as Definition)
}

/** Removes times, which differ because a death takes time. */
function timeless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then'))
}

/** The steps by path, without their times. */
function timelessSteps({ steps }: World): unknown {
  return Object.fromEntries([...steps].map(([path, { status, output, error }]) => [path, timeless({ status, output, error })]).toSorted())
}

test('whatever a flow does, and wherever its processes die, it ends as if none had, and does nothing twice', async (t) => {
  let deaths = 0
  await fc.assert(
    fc.asyncProperty(blocks, fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 25 }), async (shapes, diesAt) => {
      const definition = define(shapes)
      const undisturbed = await runToItsEnd(definition, [])
      const broken = await runToItsEnd(definition, diesAt)
      deaths += broken.deaths
      assert.deepEqual(timeless(broken.outcome), timeless(undisturbed.outcome))
      assert.deepEqual(timelessSteps(broken.world), timelessSteps(undisturbed.world))
      for (const kept of ['calls', 'emitted', 'children', 'asked'] as const)
        assert.deepEqual([...broken.world[kept].keys()].toSorted(), [...undisturbed.world[kept].keys()].toSorted(), kept)
      assert.ok([...broken.world.emitted.values()].every((times) => times === 1))
    }),
    { numRuns: 60 },
  )
  t.diagnostic(`${deaths} deaths`)
  assert.ok(deaths > 30)
})

test('a flow that was started within another is the same one after a death, also where the step was already shown as begun', async () => {
  const world = createWorld()
  world.steps.set('s', { path: 's', step: 's', kind: 'flow', status: 'running', attempts: 1, keyNo: 0, startedAt: world.now })
  await assert.rejects(walk(createProcess(world), { id: 'outer', steps: [{ kind: 'flow', id: 's', flow: 'inner' }] }, {}), Suspended)
  assert.deepEqual([...world.children.keys()], ['s#0.1'])
})
