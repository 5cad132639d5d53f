import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedHub, testBrowser } from '#test'

test('the reader at /docs shows the whole API in a browser, which breaks no policy and asks nobody else', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  const hub = await sharedHub()
  const url = await hub.address()
  const page = await browser.page()
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  const errors: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(`${url}/docs/`)
  for (const shown of ['IntegrationHub', 'Version of the hub', '/api/v1/health', 'Credentials', 'Tools'])
    await page.getByText(shown).first().waitFor({ state: 'attached' })
  assert.deepEqual(errors, [])
  assert.ok(
    asked.some((address) => address.endsWith('/openapi.json')),
    asked.join(),
  )
  assert.deepEqual(
    asked.filter((address) => !address.startsWith(url) && !/^(data|blob):/.test(address)),
    [],
  )
})
