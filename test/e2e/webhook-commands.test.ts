import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { suite, test } from 'node:test'
import { schemes } from '#kit'
import { upstream } from '#kit/testing'
import { adminToken, freshDatabase, serveProcess } from '#test'
import { until } from '#test/faults'
import { hub as run, hubJson } from './command.ts'

const secret = 'long-enough-a-secret'
const standardSecret = `whsec_${Buffer.from(secret).toString('base64')}`

interface Signed {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

suite('commands for webhooks and events', () => {
  test('what `hub webhook sign` prints is taken by a hub, whatever the scheme, and `hub events` shows it and lets it happen again', async () => {
    await using database = await freshDatabase()
    const env = {
      DATABASE_URL: database.url,
      HUB_ADMIN_TOKEN: adminToken,
      HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      LOG_LEVEL: 'info',
      HUB_EGRESS_ALLOW: '127.0.0.1',
    }
    await using served = await serveProcess(env)
    const post = async (path: string, body: unknown): Promise<void> => {
      const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
      const reply = await fetch(`${served.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      assert.equal(reply.status, 201, await reply.text())
    }
    const names = Object.keys(schemes) as (keyof typeof schemes)[]
    const secretOf = (name: keyof typeof schemes): string => (schemes[name].kind === 'standard' ? standardSecret : secret)
    await Promise.all(
      names.map((name) =>
        post('/api/v1/integrations', {
          name: `as-${name}`,
          integration_type: 'webhook',
          credential: { secret: secretOf(name) },
          config: { verification: name },
        }),
      ),
    )
    const body = `{"text": "it's \\"signed\\" $HOME \`here\`"}`
    const taken = new Map<string, string>()
    await Promise.all(
      names.map(async (name) => {
        const url = `${served.url}/api/v1/webhooks/as-${name}`
        const signed = await hubJson<Signed>(['webhook', 'sign', name, '--secret', secretOf(name), '--url', url], env, body)
        const reply = await fetch(signed.url, { method: 'POST', headers: signed.headers, body: signed.body })
        assert.equal(reply.status, 202, `${name}: ${await reply.clone().text()}`)
        taken.set(name, ((await reply.json()) as { id: string }).id)
      }),
    )

    // The printed command as a shell runs it, with the secret from its credential.
    const url = `${served.url}/api/v1/webhooks/as-stripe`
    const { items } = await hubJson<{ items: { name: string; credential: string }[] }>(['integration', 'list'], env)
    const { credential } = items.find(({ name }) => name === 'as-stripe')!
    const printed = await run(['webhook', 'sign', 'stripe', '--credential', credential, '--url', url], env, '{"by": "it\'s curl"}')
    assert.equal(printed.code, 0, printed.said)
    assert.match(await shell(printed.out.replace('curl', 'curl -sS')), /"status":"accepted"/)

    const id = taken.get('github')!
    await until('it is handed on', async () => (await hubJson<{ status: string }>(['events', 'show', id], env)).status === 'dispatched')
    const shown = await hubJson<{ body: string; type: string }>(['events', 'show', id], env)
    assert.deepEqual([shown.body, shown.type], [body, 'webhook.as-github'])
    const tail = await run(['events', 'tail', '--once', '--last', '200'], env)
    assert.equal(tail.code, 0, tail.said)
    assert.equal(tail.out.trim().split('\n').length, names.length + 1)
    for (const event of taken.values()) assert.match(tail.out, new RegExp(event))
    const some = await run(['events', 'tail', '--once', '-i', 'as-slack', '--json'], env)
    assert.deepEqual([JSON.parse(some.out).id], [taken.get('slack')])

    assert.deepEqual(await hubJson(['events', 'replay', id], env), { replayed: 1 })
    assert.equal((await hubJson<{ replays: number }>(['events', 'show', id], env)).replays, 1)
    const none = await run(['events', 'replay'], env)
    assert.deepEqual([none.code, /name an event, or a range/.test(none.err)], [2, true], none.said)
    const unknown = await run(['webhook', 'sign', 'nothing', '--secret', secret], env, body)
    assert.deepEqual([unknown.code, /there is no scheme "nothing"/.test(unknown.err)], [2, true], unknown.said)

    await using github = await upstream(({ method, json }) =>
      method === 'GET' ? { body: [] } : { status: 201, body: { id: 7, ...(json as object) } },
    )
    await post('/api/v1/integrations', {
      name: 'octo',
      integration_type: 'github',
      access_token: 'a-token',
      config: { api_url: github.url },
    })
    const setup = ['webhook', 'setup', 'octo', '--address', 'https://hub.example.com/hooks/octo', '--events', 'issues,push']
    const made = await hubJson<{ status: string; events: string[] }>([...setup, '--repo', 'octocat/hello-world'], env)
    assert.deepEqual([made.status, made.events], ['created', ['issues', 'push']])
    const organization = await run([...setup, '--input', 'organization=strangers'], env)
    assert.match(organization.out, /^created: webhook 7 sends issues, push to https:\/\/hub\.example\.com\/hooks\/octo/, organization.said)
    assert.deepEqual(
      github.requests.filter(({ method }) => method === 'POST').map(({ path }) => path),
      ['/repos/octocat/hello-world/hooks', '/orgs/strangers/hooks'],
    )

    const sample = await hubJson<{ event_id: string }>(['webhook', 'sample', 'as-stripe', '--send'], env)
    const received = await hubJson<{ type: string; headers: Record<string, string> }>(['events', 'show', sample.event_id], env)
    assert.deepEqual([received.type, received.headers['hub-sample']], ['webhook.as-stripe', 'true'])
    assert.equal((await hubJson<{ type: string }>(['webhook', 'sample', 'as-stripe'], env)).type, 'webhook.as-stripe')
  })
})

function shell(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-e', '-c', script], (error, out, err) => (error ? reject(new Error(`${error.message}\n${err}`)) : resolve(out)))
  })
}
