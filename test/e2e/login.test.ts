import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { spawn } from 'node:child_process'
import { fieldsOf, firstPerson, runHub, testHub } from '#test'
import { temporaryFolder, type Ran } from './command.ts'

/** Runs a command in a folder without a hub of its own, with exactly this environment. */
async function hubIn(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Omit<Ran, 'said'>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = ['', '']
  for (const [index, stream] of [child.stdout, child.stderr].entries())
    stream.on('data', (chunk: Buffer) => (texts[index] += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out: texts[0]!, err: texts[1]! }
}

test('hub login lets the commands of a machine act at a hub elsewhere, until hub logout', async () => {
  using folder = temporaryFolder()
  await using serving = await testHub()
  const address = await serving.address()
  const ada = await firstPerson(serving)
  const env = { XDG_CONFIG_HOME: join(folder.path, 'config') }
  const hub = (args: readonly string[]) => hubIn(folder.path, args, env)
  const hubJson = async <T>(args: readonly string[]): Promise<T> => {
    const ran = await hub([...args, '--json'])
    assert.equal(ran.code, 0, ran.err)
    return JSON.parse(ran.out) as T
  }

  const login = runHub(['login', address], env)
  let code: string | undefined
  while (code === undefined) {
    assert.equal(login.child.exitCode, null, login.output())
    code = /device\?code=([A-Z-]+)/.exec(login.output())?.[1]
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const page = await ada.call('GET', `/device?code=${code}`)
  assert.equal((await ada.form('/device', { ...fieldsOf(page.text), decision: 'allow' })).status, 200)
  assert.equal(await login.exited, 0, login.output())
  const file = join(env.XDG_CONFIG_HOME, 'integration-hub/credentials.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const { token } = (JSON.parse(readFileSync(file, 'utf8')) as { hubs: Record<string, { token: string }> }).hubs[address]!
  assert.ok(!login.output().includes(token))

  // The folder of the commands has no hub of its own.
  const me = await hubJson<{ email: string; kind: string }>(['whoami'])
  assert.deepEqual([me.email, me.kind], ['ada@example.com', 'token'])
  const made = await hubJson<{ id: string }>(['integration', 'add', 'http', '--name', 'far', '--config', 'base_url=http://127.0.0.1:9'])
  assert.equal((await serving.call('GET', `/api/v1/integrations/${made.id}`)).statusCode, 200)
  const listed = await hub(['integration', 'list'])
  assert.match(listed.out, /far/)
  const wrong = await hub(['run', 'show', 'run_unknown'])
  assert.deepEqual([wrong.code, /run/.test(wrong.err)], [1, true], wrong.err)
  const local = await hub(['backup', join(folder.path, 'x.hub'), '--url', address])
  assert.deepEqual([local.code, /unknown option/.test(local.err)], [2, true], local.err)
  assert.deepEqual(readdirSync(folder.path), ['config'])

  const out = await hub(['logout'])
  assert.equal(out.code, 0, out.err)
  const refused = await fetch(`${address}/api/v1/users/me`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(refused.status, 401)
  const unknown = await hub(['whoami', '--url', address])
  assert.deepEqual([unknown.code, unknown.err.includes(`hub login ${address}`)], [1, true], unknown.err)
  assert.ok(!existsSync(join(folder.path, 'data')))
})

test('a login outlasts a hub that is away for a while, and a logout says when the token has not ended', async () => {
  using folder = temporaryFolder()
  const env = { XDG_CONFIG_HOME: join(folder.path, 'config') }
  const json = (status: number, body: object) => (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const steps: ((response: ServerResponse) => void)[] = [
    json(200, {
      device_code: 'ihd_x',
      user_code: 'BBBB-BBBB',
      verification_uri_complete: 'http://hub/device',
      expires_in: 60,
      interval: 1,
    }),
    json(502, {}),
    (response) => response.destroy(),
    json(200, { access_token: 'ih_far', expires_in: 1000 }),
    json(503, { detail: 'the database is away' }),
    json(200, {}),
  ]
  const server = createServer((_request, response) => steps.shift()!(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const login = await hubIn(folder.path, ['login', address], env)
    assert.equal(login.code, 0, login.err)
    const isKept = (): boolean => readFileSync(join(env.XDG_CONFIG_HOME, 'integration-hub/credentials.json'), 'utf8').includes('ih_far')
    const failed = await hubIn(folder.path, ['logout'], env)
    assert.deepEqual([failed.code, /503 \(the database is away\)/.test(failed.err), isKept()], [1, true, true], failed.err)
    const ended = await hubIn(folder.path, ['logout'], env)
    assert.deepEqual([ended.code, isKept(), steps.length], [0, false, 0], ended.err)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a command says what is wrong when the hub elsewhere does not answer, redirects, or does not know the token', async () => {
  using folder = temporaryFolder()
  await using serving = await testHub()
  const address = await serving.address()
  const cases = [
    ['http://127.0.0.1:9', 'ih_some', /does not answer/],
    [`${address}/docs`, 'ih_some', /nothing answers/],
    [address, 'ih_unknown', /hub login/],
    ['ftp://example.com', 'ih_some', /HUB_URL|URL such as/],
  ] as const
  for (const [url, HUB_TOKEN, reason] of cases) {
    const ran = await hubIn(folder.path, ['whoami', '--url', url], { HUB_TOKEN, HOME: folder.path })
    assert.deepEqual([ran.code, reason.test(ran.err)], [1, true], `${url}: ${ran.err}`)
  }
})
