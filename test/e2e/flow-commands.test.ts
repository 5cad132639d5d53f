import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { adminToken, freshDatabase, serveProcess } from '#test'
import { until } from '#test/faults'
import { assertNoStack, hub, hubJson, temporaryFolder } from './command.ts'

interface Saved {
  readonly saved: readonly { readonly id: string; readonly version: number }[]
}

interface Shown {
  readonly status: string
  readonly outputs: unknown
  readonly steps: readonly { readonly path: string; readonly status: string }[]
}

suite('commands for flows, runs and approvals', () => {
  test('a flow is checked, pushed, pulled, triggered, watched, approved, retried and deleted from the command line beside a serving hub', async () => {
    await using database = await freshDatabase()
    using folder = temporaryFolder()
    const env = {
      DATABASE_URL: database.url,
      HUB_ADMIN_TOKEN: adminToken,
      HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      HUB_DATA_DIR: folder.path,
      LOG_LEVEL: 'info',
    }
    await using served = await serveProcess(env)
    // To wait for something: a command takes a second.
    const look = async (path: string): Promise<any> =>
      (await fetch(served.url + path, { headers: { authorization: `Bearer ${adminToken}` } })).json()
    const file = (name: string, text: string): string => {
      const path = join(folder.path, name)
      writeFileSync(path, text)
      return path
    }
    const wrong = file('wrong.yaml', 'id: wrong\nsteps:\n  - id: a\n    uses: hub_list_flws\n')
    const right = file(
      'asks.yaml',
      `# kept as it is written
id: asks
parameters: { type: object, properties: { n: { type: integer } }, required: [n] }
steps:
  - id: double
    transform: \${{ parameters.n * 2 }}
  - id: ask
    approve: { message: 'Is \${{ steps.double.output }} right?' }
outputs: { n: '\${{ steps.double.output }}' }
`,
    )

    const checked = await hub(['flow', 'check', wrong], env)
    assert.equal(checked.code, 1, checked.said)
    assert.match(checked.out, /wrong\.yaml:4:\d+: .*hub_list_flws.* \(.*hub_list_flows.*\)/)
    assertNoStack(checked)
    const refused = await hub(['flow', 'push', wrong, right], env)
    assert.deepEqual([refused.code, /wrong\.yaml:4:/.test(refused.out), /asks is saved as version 1/.test(refused.out)], [1, true, true])
    assert.equal((await hub(['flow', 'check', right], env)).code, 0)
    assert.deepEqual((await hubJson<Saved>(['flow', 'push', right], env)).saved[0]?.version, 1, 'what is the same is no new version')
    const pulled = await hub(['flow', 'pull', 'asks'], env)
    assert.equal(pulled.out.trimEnd(), readFileSync(right, 'utf8').trimEnd())
    assert.match((await hub(['flow', 'list'], env)).out, /^asks +1 +yes +user/m)

    const bad = await hub(['flow', 'trigger', 'asks', 'n=many'], env)
    assert.deepEqual([bad.code, /parameters\.n/.test(bad.err)], [1, true], bad.said)
    const { run_id: id } = await hubJson<{ run_id: string }>(['flow', 'trigger', 'asks', 'n=21'], env)
    const question = await until('it asks', async () => (await look(`/api/v1/approvals?run=${id}`)).items[0])
    assert.deepEqual(
      (await hubJson<{ items: { id: string }[] }>(['approval', 'list'], env)).items.map((row) => row.id),
      [question.id],
    )
    assert.match((await hub(['approval', 'list', '--run', id], env)).out, /Is 42 right\?/)
    assert.match((await hub(['approval', 'show', question.id], env)).out, /Is 42 right\?/)
    const said = await hub(['approval', 'reject', question.id, '-m', 'no, 43'], env)
    assert.equal(said.code, 0, said.said)
    const tail = await hub(['flow', 'tail', id], env)
    assert.deepEqual([tail.code, tail.out.trimEnd().endsWith(`${id}: failed`)], [1, true], tail.said)
    assert.match(tail.out, /ask: failed.*no, 43/)
    assert.match((await hub(['run', 'show', id], env)).out, /failed at ask: .*no, 43.*approval_rejected/)

    assert.equal((await hub(['run', 'retry', id], env)).code, 0)
    const again = await until('it asks anew', async () => (await look('/api/v1/approvals?status=pending')).items[0])
    assert.equal((await hub(['approval', 'approve', again.id], env)).code, 0)
    await until('it is over', async () => (await look(`/api/v1/runs/${id}`)).status === 'completed')
    const done = await hubJson<Shown>(['run', 'show', id], env)
    assert.deepEqual(done.outputs, { n: 42 })

    const replayed = await hubJson<{ run_id: string }>(['run', 'replay', id, '--dry-run'], env)
    assert.equal((await hub(['flow', 'tail', replayed.run_id, '--json'], env)).code, 0)
    const { run_id: third } = await hubJson<{ run_id: string }>(['flow', 'trigger', 'asks', 'n=1'], env)
    await until('it waits', async () => (await look(`/api/v1/runs/${third}`)).status === 'waiting')
    assert.equal((await hub(['run', 'cancel', third], env)).code, 0)
    await until('it is cancelled', async () => (await look(`/api/v1/runs/${third}`)).status === 'cancelled')
    const narrow = ['--flow', 'asks', '--status', 'cancelled,failed', '--since', '1h']
    const { items: cancelled } = await hubJson<{ items: { id: string }[] }>(['run', 'list', ...narrow], env)
    assert.deepEqual(
      cancelled.map((run) => run.id),
      [third],
    )
    const { items: runs } = await hubJson<{ items: { id: string }[] }>(['flow', 'runs', 'asks'], env)
    assert.deepEqual(
      runs.map((run) => run.id),
      [third, replayed.run_id, id],
    )

    const many = ['bulk', 'start', 'runs.cancel', 'flow=asks']
    assert.equal((await hub([...many, 'status=completed', '--dry-run'], env)).out.trim(), '2 match')
    const ended = await hub([...many, 'status=completed', '--expected', '2', '--wait'], env)
    assert.deepEqual([ended.code, /runs\.cancel +completed +2 +0 +2/.test(ended.out)], [1, true], ended.said)
    assert.match(ended.out, new RegExp(`${id} +run_state_conflict`))
    const [kept] = (await hubJson<{ items: { id: string }[] }>(['bulk', 'list'], env)).items
    assert.equal((await hub(['bulk', 'cancel', kept!.id], env)).out.trim(), `${kept!.id} is completed`)
    assert.equal((await hub(['bulk', 'start', 'runs.cancel', 'flow'], env)).code, 2)

    assert.match((await hub(['flow', 'disable', 'asks'], env)).out, /asks is disabled/)
    const off = await hub(['flow', 'trigger', 'asks', 'n=1'], env)
    assert.deepEqual([off.code, /hub flow enable asks/.test(off.err)], [1, true], off.said)
    assert.equal((await hub(['flow', 'delete', 'asks'], env)).code, 0)
    assert.equal((await hub(['flow', 'show', 'asks'], env)).code, 1)
  })
})
