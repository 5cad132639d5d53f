import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prepareDocument } from './prepare.ts'
import { gistOf } from './summary.ts'

const text = `# Keys

The keys of the hub seal every secret that is stored in the database.

\`\`\`sh
hub keys rotate --now and the keys of the hub seal nothing here at all
\`\`\`

It was a nice day in spring when somebody had the idea.

- Rotate the keys of the hub once a year, and keep the old keys until all secrets are sealed again.

| keys | of the hub |
|---|---|
| keys | keys keys keys keys keys keys keys keys |
`

test('a summary is sentences of the text, in their order, without code and tables', () => {
  const chunk = { kind: 'text', heading: 'Keys', text, fromLine: 1, toLine: 20 }
  const { summary, gists } = prepareDocument({
    externalId: '1',
    type: 'page',
    title: 'Keys',
    content: text,
    outline: [],
    chunks: [chunk],
    audience: 'all',
  })
  assert.match(summary, /^The keys of the hub seal every secret/)
  assert.match(summary, /Rotate the keys of the hub once a year/)
  assert.doesNotMatch(summary, /hub keys rotate|\|/)
  assert.equal(gists.length, 1)
  assert.match(gists[0]!, /keys/)
})

test('code has none, and any text takes a bounded time', () => {
  const code = { kind: 'code', heading: '', text: 'const keys = 1', fromLine: 1, toLine: 1 }
  const prepared = prepareDocument({
    externalId: '1',
    type: 'file',
    title: 'a.ts',
    content: code.text,
    outline: [],
    chunks: [code],
    audience: 'all',
  })
  assert.deepEqual([prepared.summary, prepared.gists], ['', ['']])
  for (const hostile of ['A. '.repeat(300_000), '`'.repeat(300_000), `${' '.repeat(300_000)}x`]) {
    const began = process.cpuUsage()
    gistOf(hostile, () => 1)
    const { user, system } = process.cpuUsage(began)
    assert.ok((user + system) / 1000 < 500, `${(user + system) / 1000} ms`)
  }
})
