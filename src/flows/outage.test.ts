import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { flowBench, type FlowBench } from '#test'

let b: FlowBench

/** Makes the next change of this kind fail with a conflict or a lost connection; later ones succeed. */
async function failOnce(table: string, when: string, code: string): Promise<() => Promise<void>> {
  const name = `once_${Math.random().toString(36).slice(2)}`
  await b.hub.db.pool.query(`
    create sequence hub.${name};
    create function hub.${name}() returns trigger language plpgsql as $$ begin
      if nextval('hub.${name}') = 1 then raise exception 'not now' using errcode = '${code}'; end if;
      return new;
    end $$;
    create trigger ${name} before insert or update on hub.${table} for each row when (${when}) execute function hub.${name}()`)
  return async () => {
    const { rows } = await b.hub.db.pool.query(`select last_value::int as count from hub.${name}`)
    await b.hub.db.pool.query(`drop function hub.${name} cascade; drop sequence hub.${name}`)
    assert.ok(rows[0].count >= 2, 'it was tried again')
  }
}

suite('a flow', () => {
  before(async () => {
    b = await flowBench()
  })

  for (const [code, what] of [
    ['40P01', 'a transaction that was in the way'],
    ['57P01', 'a database that went away'],
  ] as const) {
    test(`goes on after ${what}, at a step and at its end, and does nothing twice`, async () => {
      const path = `/outage-${code}`
      const { id, run } = await b.flow(`
steps:
  - id: thing
    uses: probe_create_thing
    with: { at: ${path} }
  - id: sides
    try:
      steps:
        - id: side
          parallel:
            branches:
              one: [{ id: emit, emit: { type: bench.outage } }]
              two: [{ id: two, transform: 2 }]
    catch:
      steps: [{ id: caught, transform: 3 }]
outputs: { two: "\${{ steps.sides.output.two }}" }`)
      const emitted = await failOnce('flow_steps', `new.path = 'emit' and new.status = 'completed'`, code)
      const kept = await failOnce('flow_steps', `new.path = 'thing' and new.status = 'completed'`, code)
      const ended = await failOnce('flow_runs', `new.flow = '${id}' and new.finished_at is not null`, code)
      const done = await run()
      for (const undo of [emitted, kept, ended]) await undo()
      assert.deepEqual([done.status, done.error, done.outputs], ['completed', null, { two: 2 }])
      assert.equal(b.writes(path), 1)
      assert.ok(!done.steps.some(({ path: step }) => step === 'caught'))
    })
  }
})
