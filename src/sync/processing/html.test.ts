import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processDocument } from './index.ts'

const page = { id: 'a.html', type: 'file', title: 'a.html', audience: 'all', format: 'html' } as const

test('a page is stored as Markdown, in chunks under its headings', async () => {
  const html =
    '<nav>Menu</nav><main><h1>Install</h1><h2>Linux</h2><pre><code class="language-sh">apt install</code></pre><p><a href="b">next</a></main>'
  const document = await processDocument({ ...page, content: html, url: 'https://docs.example/a/' })
  assert.equal(document.content, '# Install\n\n## Linux\n\n```sh\napt install\n```\n\n[next](https://docs.example/a/b)')
  assert.deepEqual(
    document.outline.map(({ title }) => title),
    ['Install', 'Linux'],
  )
  assert.ok(document.chunks.some(({ heading, text }) => heading.startsWith('Install') && text.includes('apt install')))
  assert.equal(document.truncated, undefined)
})

test('what is no text is said to be none, and invalid UTF-8 is read as far as it goes', async () => {
  const binary = await processDocument({ ...page, content: Uint8Array.of(60, 0, 1) })
  assert.match(binary.truncated!, /not text/)
  const broken = await processDocument({
    ...page,
    content: Buffer.concat([Buffer.from('<p>caf'), Uint8Array.of(0xff), Buffer.from('</p>')]),
  })
  assert.equal(broken.content, 'caf\ufffd')
})

test('of a page that is too large the beginning is stored, and the document says so', async () => {
  const document = await processDocument({ ...page, content: `<p>first</p>${'<p>more</p>'.repeat(300_000)}` })
  assert.ok(document.content.startsWith('first'))
  assert.match(document.truncated!, /too large/)
})
