import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { oauthServer } from '../standins/oauth-server.ts'
import { screenshots, testBrowser, virtualAuthenticator } from './browser.ts'

/** Serves these pages on `localhost`, which browsers accept for passkeys. */
async function site(pages: Record<string, { html: string; policy?: string }>): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    const page = pages[new URL(request.url ?? '/', 'http://localhost').pathname]
    if (!page) return response.writeHead(404).end()
    const headers = { 'content-type': 'text/html', ...(page.policy && { 'content-security-policy': page.policy }) }
    return response.writeHead(200, headers).end(`<!doctype html><title>Page</title>${page.html}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a page that breaks its policy, throws, or asks a stranger fails its test; one that does none of it passes', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using pages = await site({
    '/good': { html: '<p>Good</p>', policy: "default-src 'none'" },
    '/inline': { html: '<script>document.title = "ran"</script>', policy: "default-src 'none'" },
    '/throws': { html: '<script>setTimeout(() => { throw new Error("lost") })</script>' },
    '/stranger': { html: '<img src="https://stranger.example/pixel.png">' },
  })
  const page = await browser.page()
  await page.goto(`${pages.url}/good`)
  assert.deepEqual(browser.complaints, [])
  for (const [path, complaint] of [
    ['/inline', /script-src-elem|Content.Security.Policy/i],
    ['/throws', /uncaught in .*lost/],
    ['/stranger', /asked for https:\/\/stranger\.example/],
  ] as const) {
    await page.goto(pages.url + path)
    while (browser.complaints.length === 0) await page.waitForTimeout(10)
    assert.match(browser.complaints.splice(0).join('\n'), complaint)
    await page.goto('about:blank')
    browser.complaints.length = 0
  }
})

test('a passkey is made and used with the virtual authenticator, and screenshots show light, dark and a phone', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using pages = await site({ '/': { html: '<h1>Passkeys</h1>' } })
  const page = await browser.page()
  const authenticator = await virtualAuthenticator(page)
  await page.goto(pages.url)
  const id = await page.evaluate(`navigator.credentials.create({ publicKey: {
    challenge: new Uint8Array(32), rp: { name: 'Hub' }, pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    user: { id: new TextEncoder().encode('ada'), name: 'ada', displayName: 'Ada' },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' } } }).then(({ id }) => id)`)
  const used = await page.evaluate(
    `navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), userVerification: 'required' } }).then(({ id }) => id)`,
  )
  assert.equal(used, id)
  assert.equal((await authenticator.credentials())[0]?.rpId, 'localhost')
  const folder = mkdtempSync(join(tmpdir(), 'hub-screenshots-'))
  try {
    const files = await screenshots(page, folder, 'passkeys')
    assert.equal(files.length, 3)
    for (const file of files) assert.ok(statSync(file).size > 1000, file)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a person signs in at the OAuth server and allows access with clicks', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using pages = await site({ '/callback': { html: '<p>Welcome back</p>' } })
  await using server = await oauthServer({ redirectUris: [`${pages.url}/callback`] })
  const page = await browser.page()
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: server.clients.public.id,
    redirect_uri: `${pages.url}/callback`,
    scope: 'openid read',
    code_challenge: createHash('sha256').update('verifier').digest('base64url'),
    code_challenge_method: 'S256',
  })
  await page.goto(`${server.endpoints.authorization}?${query.toString()}`)
  await page.getByLabel('Account').fill('ada')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(/\/callback\?code=/)
})
