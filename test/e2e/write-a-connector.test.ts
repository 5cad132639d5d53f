import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { upstream } from '#kit/testing'
import { testHub } from '#test'
import { scaffold } from '../../src/cli/scaffold.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/write-a-connector.md'), 'utf8')

test('the connector of the documentation loads, is called, and behaves as the page says', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'hub-connector-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const code = /```ts\n([\s\S]*?)```/.exec(page)?.[1]
  assert.ok(code)
  writeFileSync(join(folder, 'index.js'), code)

  const api = stack.use(
    await upstream(({ path, json }) => {
      if (path === '/books') return { body: { books: [{ id: 'b1', title: 'TS' }], next: 'c2' } }
      if (path === '/me') return { body: { name: 'library' } }
      return {
        body: (json as { reader: string }).reader === 'late' ? { error: 'already_lent' } : { id: 'b1', title: 'TS', borrowed_by: 'ada' },
      }
    }),
  )
  const hub = stack.use(await testHub({ HUB_CONNECTORS: folder, HUB_EGRESS_ALLOW: '127.0.0.1' }))
  const call = async (tool: string, input: object) =>
    (
      await hub.with({ headers: { 'idempotency-key': JSON.stringify(input) } }).call('POST', `/api/v1/tools/${tool}/invoke`, { input })
    ).json()

  await hub.call('POST', '/api/v1/credentials', { name: 'bookshelf-token', data: { token: 'library-token', base_url: api.url } })
  assert.deepEqual((await call('bookshelf_search_books', { query: 'x' })).output, { items: [{ id: 'b1', title: 'TS' }], next_cursor: 'c2' })
  assert.equal((await call('bookshelf_borrow_book', { id: 'a/b', reader: 'ada' })).output.borrowed_by, 'ada')
  assert.equal(api.requests.at(-1)!.path, '/books/a%2Fb/loan')
  assert.equal((await call('bookshelf_borrow_book', { id: 'b1', reader: 'late' })).code, 'vendor_conflict')
  assert.equal((await hub.call('POST', '/api/v1/integrations/bookshelf/test')).json().account, 'library')
})

test('what `hub connector new` makes loads and has its tool', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = join(mkdtempSync(join(tmpdir(), 'hub-connector-')), 'my_crm')
  stack.defer(() => rmSync(join(folder, '..'), { recursive: true, force: true }))
  mkdirSync(folder)
  for (const [file, content] of Object.entries(scaffold('my_crm'))) writeFileSync(join(folder, file), content)
  const hub = stack.use(await testHub({ HUB_CONNECTORS: folder }))
  assert.equal((await hub.call('GET', '/api/v1/tools/my_crm_get_item')).statusCode, 200)
})

test('a folder that holds no connector is refused with its reason', async () => {
  await assert.rejects(testHub({ HUB_CONNECTORS: tmpdir() }), { message: /HUB_CONNECTORS could not be loaded: the folder has no index/ })
})
