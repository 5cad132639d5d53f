import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { agentWith, flowBench, type FlowBench } from '#test'

let b: FlowBench

/** Makes the process lose the database once, when it stores that a step of this kind has ended. */
async function failAtEnd(id: string): Promise<() => Promise<void>> {
  const name = `once_${Math.random().toString(36).slice(2)}`
  await b.hub.db.pool.query(`
    create sequence hub.${name};
    create function hub.${name}() returns trigger language plpgsql as $$ begin
      if nextval('hub.${name}') = 1 then raise exception 'not now' using errcode = '57P01'; end if;
      return new;
    end $$;
    create trigger ${name} before insert or update on hub.flow_steps for each row
      when (new.step = '${id}' and new.status = 'completed') execute function hub.${name}()`)
  return async () => {
    const { rows } = await b.hub.db.pool.query(`select last_value::int as count from hub.${name}`)
    await b.hub.db.pool.query(`drop function hub.${name} cascade; drop sequence hub.${name}`)
    assert.ok(rows[0].count >= 2, 'it was tried again')
  }
}

const reads = (path: string): number => b.outside.seen.filter(({ what }) => what === `GET ${path}`).length

suite('a script in a flow', () => {
  before(async () => {
    b = await flowBench()
  })

  test('reads its input, calls tools and gives its output to later steps', async () => {
    const { run } = await b.flow(`
parameters: { type: object, properties: { names: { type: array } } }
steps:
  - id: work
    script: |
      const made = await Promise.all(input.names.map((name) => tools.probe_create_thing({ at: '/script-' + name })))
      console.log('made', made.length)
      return { count: made.length }
    with: { names: '\${{ parameters.names }}' }
  - id: after
    transform: \${{ steps.work.output.count + 1 }}
outputs: { n: '\${{ steps.after.output }}' }
`)
    const { status, outputs, error, steps } = await run({ names: ['a', 'b'] })
    assert.deepEqual([status, outputs], ['completed', { n: 3 }], JSON.stringify(error))
    assert.deepEqual(steps.find(({ step }) => step === 'work')?.input, { with: { names: ['a', 'b'] }, logs: ['made 2'] })
    assert.equal(b.writes('/script-a'), 1)
  })

  test('runs again after a crash with the same time and random numbers, and makes no call twice', async () => {
    const { run } = await b.flow(`
steps:
  - id: crashing
    script: |
      const first = await tools.probe_get_thing({ at: '/script-read' })
      await tools.probe_create_thing({ at: '/script-crash' })
      return { first, at: Date.now(), random: Math.random() }
outputs: { got: '\${{ steps.crashing.output }}' }
`)
    let answered = 0
    b.outside.answers.set('/script-read', () => ({ body: { ok: (answered += 1) } }))
    const cleanup = await failAtEnd('crashing')
    const { status, outputs, error } = await run()
    await cleanup()
    assert.equal(status, 'completed', JSON.stringify(error))
    assert.equal((outputs as { got: { first: { ok: number } } }).got.first.ok, 1)
    assert.deepEqual([b.writes('/script-crash'), reads('/script-read')], [1, 1])
  })

  test('fails with the line of its error, and goes on after a retry of the step without repeating calls', async () => {
    let tries = 0
    b.outside.answers.set('/script-flaky', () => ((tries += 1) < 2 ? { status: 503, body: {} } : { body: { ok: 1 } }))
    const { run } = await b.flow(`
steps:
  - id: flaky
    script: |
      await tools.probe_create_thing({ at: '/script-before' })
      return (await tools.probe_get_thing({ at: '/script-flaky' })).ok
    retry: { attempts: 3, backoff: 10ms }
  - id: broken
    script: |
      const a = 1
      a.b.c()
    on_error: continue
outputs: { ok: '\${{ steps.flaky.output }}', error: '\${{ steps.broken.error }}' }
`)
    const { status, outputs, error } = await run()
    assert.equal(status, 'completed', JSON.stringify(error))
    const { ok, error: failed } = outputs as { ok: number; error: { code: string; message: string } }
    assert.deepEqual([ok, failed.code, b.writes('/script-before')], [1, 'script_failed', 1])
    assert.match(failed.message, /in line 2/)
  })

  test('an endless script fails its step by its limit, and a cancelled run ends its script', async () => {
    const { run } = await b.flow(`
steps:
  - { id: loop, script: 'while (true) {}', on_error: continue }
outputs: { code: '\${{ steps.loop.error.code }}' }
`)
    assert.deepEqual((await run()).outputs, { code: 'script_limit' })
    b.outside.answers.set('/script-slow', () => ({ body: { ok: 1 }, afterMs: 8000 }))
    const waiting = await b.flow(`
steps:
  - { id: slow, script: "for (;;) await tools.probe_get_thing({ at: '/script-slow' })" }
`)
    const { id } = await waiting.start()
    for (let n = 0; n < 200 && reads('/script-slow') === 0; n++) await new Promise((resolve) => setTimeout(resolve, 20))
    await b.hub.flows.cancel(b.operator, id)
    assert.equal((await b.ended(id)).status, 'cancelled')
  })

  test('waits while a person decides on a call, and then goes on without repeating the earlier calls', async () => {
    const { tools, access } = b.hub
    await tools.policies.write(b.operator, { rules: [{ tools: ['probe_delete_thing'], decision: 'ask' }] })
    try {
      for (const decision of ['approve', 'reject'] as const) {
        const { start } = await b.flow(`
steps:
  - id: asks
    script: |
      await tools.probe_create_thing({ at: '/script-${decision}' })
      try { return await tools.probe_delete_thing({ at: '/script-${decision}-asked' }) }
      catch (error) { if (error.code === 'approval_rejected') return 'rejected'; throw error }
outputs: { got: '\${{ steps.asks.output }}' }
`)
        const { id } = await start()
        let asked
        for (let n = 0; n < 400 && !asked; n++) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          ;[asked] = await tools.approvals.list(b.workspaceId, { run: id }, { limit: 5 })
        }
        assert.ok(asked)
        await tools.approvals.decide(await access.operator('boss'), asked.id, { decision })
        const { status, outputs, error } = await b.ended(id)
        assert.equal(status, 'completed', JSON.stringify(error))
        assert.equal(b.writes(`/script-${decision}`), 1)
        assert.equal(b.writes(`/script-${decision}-asked`), decision === 'approve' ? 1 : 0)
        if (decision === 'reject') assert.deepEqual(outputs, { got: 'rejected' })
      }
    } finally {
      await tools.policies.write(b.operator, { rules: [] })
    }
  })

  test('has the tools of whoever saved the flow, and of its toolset', async () => {
    const names = `
steps:
  - { id: names, script: 'return Object.keys(tools).sort()', TOOLSET }
outputs: { names: '\${{ steps.names.output }}' }
`
    const narrowed = await (await b.flow(names.replace('TOOLSET', 'toolset: [probe_get_thing]'))).run()
    assert.deepEqual(narrowed.outputs, { names: ['probe_get_thing'] })
    const { principal } = await agentWith(b.hub, ['flows:write', 'flows:run', 'tools:call:probe_get_thing'])
    await b.hub.flows.save(principal, `id: script-of-agent\n${names.replace(', TOOLSET', '')}`)
    const { id } = await b.hub.flows.trigger(principal, 'script-of-agent')
    assert.deepEqual((await b.ended(id)).outputs, { names: ['probe_get_thing'] })
  })

  test('is checked when it is saved', async () => {
    const source = `id: wrong\nsteps:\n  - id: bad\n    toolset: [probe, nothing]\n    script: |\n      let a = 1\n      foo bar\n`
    const parsed = await b.hub.flows.check(b.workspaceId, source)
    assert.ok('problems' in parsed)
    assert.deepEqual(
      parsed.problems.map(({ line, path, message }) => [line, path, message]),
      [
        [4, 'steps[0].toolset[1]', 'there is no tool and no connector `nothing`'],
        [5, 'steps[0].script', "the script is not valid in its line 2: SyntaxError: expecting ';'"],
      ],
    )
  })
})
