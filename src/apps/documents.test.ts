// cspell:ignore addext keyout paramgen pkeyopt
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { appAt, firstPerson, mcpRequest, testHub, type Browser, type TestHub } from '#test'

type Answer = { readonly status?: number; readonly body?: unknown; readonly location?: string; readonly never?: boolean }

suite('an app whose client id is the address of its description', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  let site: Server
  let origin = ''
  const answers = new Map<string, Answer>()
  let reads = 0
  const trusted = getCACertificates()

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hub-certificate-'))
    const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate,
    ]
    execFileSync('openssl', [...made, ...names], { stdio: 'ignore' })
    const pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(certificate, 'utf8') }
    rmSync(folder, { recursive: true })
    setDefaultCACertificates([...trusted, pem.cert])
    site = createServer(pem, (request, response) => {
      reads++
      const { status = 200, body = {}, location, never } = answers.get(request.url!) ?? { status: 404 }
      if (never) return
      response.writeHead(status, { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    origin = `https://localhost:${(site.address() as AddressInfo).port}`
    hub = await testHub({ HUB_EGRESS_ALLOW: 'localhost' })
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(async () => {
    setDefaultCACertificates(trusted)
    site.closeAllConnections()
    site.close()
    await hub[Symbol.asyncDispose]()
  })

  const callback = 'https://app.example/callback'
  const documentAt = (path: string, more: object = {}): string => {
    const clientId = origin + path
    answers.set(path, { body: { client_id: clientId, client_name: 'Described', redirect_uris: [callback], ...more } })
    return clientId
  }
  const ask = (clientId: string, redirectUri = callback) => ada.call('GET', appAt(address, { clientId, redirectUri }).authorizeUrl())

  test('is asked about under its host, gets tokens, and is read once an hour', async () => {
    const clientId = documentAt('/client.json')
    const app = appAt(address, { clientId, redirectUri: callback })
    const asks = await ask(clientId)
    assert.equal(asks.status, 303, asks.text)
    const page = await ada.call('GET', asks.headers.get('location')!)
    assert.match(page.text, /Described/)
    assert.ok(page.text.includes(new URL(origin).host))
    assert.match(page.text, /another host than the one that describes/)
    const { access_token: token } = await app.tokens(ada)
    assert.ok((await mcpRequest(address, { token, method: 'tools/list' })).result)
    assert.equal(reads, 1)
    await hub.hub.db.pool.query(`update hub.apps set read_at = read_at - interval '2 hours'`)
    documentAt('/client.json', { redirect_uris: ['https://app.example/moved'] })
    assert.equal((await ask(clientId)).status, 400)
    assert.equal((await ask(clientId, 'https://app.example/moved')).status, 303)
    assert.equal(reads, 2)
  })

  test('is not asked for by anybody who is not signed in', async () => {
    const clientId = documentAt('/unasked.json')
    const before = reads
    const { status, headers } = await fetch(appAt(address, { clientId, redirectUri: callback }).authorizeUrl(), { redirect: 'manual' })
    assert.deepEqual([status, headers.get('location')!.split('?')[0], reads], [303, '/sign-in', before])
  })

  test('is refused where its description is not its own, wrong, too large, moved or missing', async () => {
    documentAt('/good.json')
    answers.set('/other.json', answers.get('/good.json')!)
    answers.set('/moved.json', { status: 302, location: `${origin}/good.json` })
    answers.set('/large.json', { body: `{"client_id": "${'x'.repeat(30_000)}"}` })
    answers.set('/slow.json', { never: true })
    answers.set('/text.json', { body: 'no JSON' })
    documentAt('/secret.json', { client_secret: 'known to all' })
    documentAt('/script.json', { redirect_uris: ['javascript:alert(1)'] })
    const wrong = {
      other: /names another client_id/,
      moved: /status 302/,
      large: /more than 20000 bytes/,
      text: /is not JSON/,
      secret: /client_secret is not valid/,
      script: /cannot begin with javascript:/,
      missing: /status 404/,
      slow: /did not arrive in time/,
    }
    for (const [name, reason] of Object.entries(wrong)) {
      const { status, text } = await ask(`${origin}/${name}.json`)
      assert.deepEqual([status, reason.test(text)], [400, true], `${name}: ${text}`)
    }
  })
})

test('a hub with a public name reads no description at a private place, whatever connectors may reach', async () => {
  await using hub = await testHub({ HUB_EGRESS_ALLOW: 'localhost,127.0.0.0/8', HUB_PUBLIC_URL: 'https://hub.example.com' })
  for (const clientId of ['https://localhost/client.json', 'https://127.0.0.1/client.json'])
    await assert.rejects(hub.hub.apps.clients.find(clientId, '203.0.113.1'), /private or reserved/)
})

test('a client id that leads to a private address, or is written in another way, is refused without a request', async () => {
  await using hub = await testHub()
  const address = await hub.address()
  const ada = await firstPerson(hub)
  const refused = [
    ['https://127.0.0.1/client.json', /private or reserved/],
    ['https://localhost/client.json', /private or reserved/],
    ['https://169.254.169.254/latest', /private or reserved/],
    ['https://[::1]/client.json', /private or reserved/],
    ['http://app.example/client.json', /not registered/],
    ['https://app.example/', /not registered/],
    ['https://app.example/a/../client.json', /not registered/],
    ['https://me:secret@app.example/client.json', /not registered/],
    ['https://app.example/client.json#part', /not registered/],
  ] as const
  for (const [clientId, reason] of refused) {
    const { status, text } = await ada.call('GET', appAt(address, { clientId, redirectUri: 'https://app.example/' }).authorizeUrl())
    assert.deepEqual([status, reason.test(text)], [400, true], `${clientId}: ${text}`)
  }
  const { rows } = await hub.hub.db.pool.query('select 1 from hub.apps')
  assert.equal(rows.length, 0)
})
