import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { yieldToOthers } from './clock.ts'
import { htmlToMarkdown } from './html-to-markdown.ts'

const sites = join(import.meta.dirname, '../../test/fixtures/docs-sites')
const base = 'https://docs.bookshelf.example/guide/install'

const markdown = async (html: string): Promise<string> => (await htmlToMarkdown(html)).markdown

suite('real pages', () => {
  for (const [site, file] of [
    ['docusaurus', 'guide/install/index.html'],
    ['vitepress', 'guide/install.html'],
  ] as const)
    test(`of ${site}: headings, code, a warning, nested lists, and no menus`, async () => {
      const page = await htmlToMarkdown(readFileSync(join(sites, site, file), 'utf8'), { base })
      assert.equal(page.title, 'Install Bookshelf')
      assert.ok(page.links.includes('https://docs.bookshelf.example/reference'))
      const text = page.markdown.replace('**warning**', '**WARNING**').replaceAll(/^client\.(?:ts|py)\n\n/gm, '')
      assert.equal(
        text,
        `# Install Bookshelf

Bookshelf runs on Linux and on Windows.

## Linux

\`\`\`bash
apt-get install bookshelf
bookshelf start --port 8080
\`\`\`

> **WARNING**
>
> Port 8080 must be free.

## Windows

1. Download the installer.
2. Run it **as an administrator**.
   - Choose a folder.
   - Choose a language.

\`\`\`ts
import { connect } from 'bookshelf'

const shelf = await connect('http://localhost:8080')
\`\`\`

\`\`\`py
import bookshelf
shelf = bookshelf.connect("http://localhost:8080")
\`\`\``,
      )
    })

  for (const [site, file] of [
    ['docusaurus', 'guide/configure/index.html'],
    ['vitepress', 'guide/configure.html'],
  ] as const)
    test(`of ${site}: a table, a quote, links and Ukrainian`, async () => {
      const { markdown: text } = await htmlToMarkdown(readFileSync(join(sites, site, file), 'utf8'), { base })
      assert.match(text, /\p{Script=Cyrillic}{8}: \p{Script=Cyrillic}/u)
      assert.equal(
        text.slice(0, text.lastIndexOf('\n\n')),
        `# Configure

| Setting | Default | What it does |
| --- | --- | --- |
| \`port\` | \`8080\` | The port. |
| \`language\` | \`en\` | \`en\`, \`uk\` \\| \`de\` |

> The settings are read at start.

See [the reference](https://docs.bookshelf.example/reference#limits) or [the web site](https://bookshelf.example/).`,
      )
    })
})

suite('any page', () => {
  test('without a known place is read whole, without scripts, styles, menus and footers', async () => {
    const text = await markdown(
      '<title>T &amp; U</title><style>p{}</style><nav>Menu</nav><header><p>Head</header><p>One<p>Two<script>alert("<p>no")</script><footer>Foot</footer>',
    )
    assert.equal(text, 'Head\n\nOne\n\nTwo')
  })

  test('takes what stands around a list of articles, and the only article otherwise', async () => {
    assert.equal(await markdown('<main><h1>All</h1><article>A</article><article>B</article></main>'), '# All\n\nA\n\nB')
    assert.equal(await markdown('<main>around <article><h2>One</h2>A</article></main>'), '## One\n\nA')
  })

  test('repairs lines of code that a highlighter wrapped, and makes fences longer than what is in them', async () => {
    assert.equal(
      await markdown('<pre class="language-js"><code><div class="token-line">a</div><div class="token-line">b ```</div></code></pre>'),
      '````js\na\nb ```\n````',
    )
    assert.equal(await markdown('<p>a <code>x`y</code></p>'), 'a `` x`y ``')
  })

  test('does not take text for Markdown that changes the outline', async () => {
    assert.equal(await markdown('<p># no heading</p><p>```</p>'), '\\# no heading\n\n\\```')
  })

  test('drops addresses that run or hold data, and resolves the others', async () => {
    const { markdown: text } = await htmlToMarkdown(
      '<p><a href="javascript:alert(1)">x</a> <a href="../y">y</a> <img alt="z" src="data:image/png;base64,AA"></p>',
      { base },
    )
    assert.equal(text, 'x [y](https://docs.bookshelf.example/y) z')
  })
})

suite('hostile pages are bounded, and let others go first', () => {
  const megabyte = 1_000_000
  const pages: Readonly<Record<string, string>> = {
    'deep nesting': '<div>'.repeat(megabyte / 5) + 'text',
    'deep lists': '<ul><li>a'.repeat(megabyte / 9),
    'deep quotes': '<blockquote>a'.repeat(megabyte / 13),
    'open tags and closing tags of others': '<b>'.repeat(megabyte / 6) + '</x>'.repeat(megabyte / 4),
    'an attribute of a megabyte': `<p title="${'a'.repeat(megabyte)}">text</p>`,
    'attributes without end': `<p ${'a="x '.repeat(megabyte / 5)}`,
    'spaces in a tag': `<p a${' '.repeat(megabyte)}b`,
    'comments without end': '<!--'.repeat(megabyte / 4),
    'tags without end': '<a '.repeat(megabyte / 3),
    'scripts without end': '<script>'.repeat(megabyte / 8),
    'less-than signs': '<'.repeat(megabyte),
    entities: '&amp;&#x41;&'.repeat(megabyte / 12),
    'a wide table': `<table><tr>${'<td>a'.repeat(megabyte / 5)}`,
    'tables in tables': '<table><tr><td>a'.repeat(megabyte / 16),
    'links in links': '<p>' + '<a href="x">a'.repeat(megabyte / 13),
    'blank paragraphs': `<p>${' \n'.repeat(megabyte / 2)}</p>`,
    backticks: `<p><code>${'` '.repeat(megabyte / 2)}</code>`,
    'empty lines of code': `<pre>${'\n'.repeat(megabyte)}x</pre>`,
    'many small spans': `<pre>${'<span class="token">x</span>'.repeat((2 * megabyte) / 28)}`,
    'a large page': '<h2>Heading</h2><p>A sentence with <b>bold</b> words.</p><ul><li>one<li>two</ul>'.repeat((2 * megabyte) / 86),
  }
  for (const [name, html] of Object.entries(pages))
    test(name, async () => {
      const began = performance.now()
      const page = await htmlToMarkdown(html)
      const took = performance.now() - began
      assert.ok(page.markdown.length <= 1_100_000)
      // Much longer than it takes, and much shorter than anything that is not linear.
      assert.ok(took < 3000, `${name} took ${took} ms`)
    })

  test('a page of two megabytes lets others go first', async () => {
    let turns = 0
    let isDone = false
    const others = async (): Promise<void> => {
      for (; !isDone; turns++) await yieldToOthers()
    }
    const counted = others()
    await htmlToMarkdown(pages['a large page']!)
    isDone = true
    await counted
    assert.ok(turns >= 5, `others had ${turns} turns`)
  })

  test('a page beyond the limit is cut, and says so', async () => {
    const page = await htmlToMarkdown(`<p>first</p>${' '.repeat(2_000_000)}<p>last</p>`)
    assert.deepEqual([page.markdown, page.isCut], ['first', true])
  })
})
