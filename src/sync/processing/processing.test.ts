import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkMarkdown } from './markdown.ts'
import { processDocument } from './index.ts'
import { mostCharacters } from './types.ts'

const words = (count: number): string => Array.from({ length: count }, (_, n) => `word${n}`).join(' ')

test('a fence stays whole, and a heading inside it is none', () => {
  const code = ['```sh', '# not a heading', 'echo hi', '```'].join('\n')
  const { chunks, outline } = chunkMarkdown(`# Install\n\n${words(200)}\n\n## Linux\n\n${code}\n\n${words(200)}`)
  assert.deepEqual(
    outline.map(({ title, level, line }) => [title, level, line]),
    [
      ['Install', 1, 1],
      ['Linux', 2, 5],
    ],
  )
  assert.equal(chunks.filter(({ text }) => text.includes(code)).length, 1)
  assert.deepEqual([...new Set(chunks.map(({ heading }) => heading))], ['Install', 'Install › Linux'])
})

test('what is too long is split, and every piece of a table or a fence can be read by itself', () => {
  const table = ['| name | value |', '| --- | --- |', ...Array.from({ length: 600 }, (_, n) => `| row ${n} | ${n} |`)].join('\n')
  const tables = chunkMarkdown(table).chunks
  assert.ok(tables.length > 1)
  assert.ok(tables.every(({ text, kind }) => text.startsWith('| name | value |\n| --- | --- |\n') && kind === 'table'))
  const fences = chunkMarkdown(['```ts', ...Array.from({ length: 900 }, (_, n) => `const a${n} = ${n}`), '```'].join('\n')).chunks
  assert.ok(fences.length > 1)
  assert.ok(fences.every(({ text }) => text.startsWith('```ts\n') && text.endsWith('\n```')))
})

test('the lines of a chunk are those of the document', () => {
  const text = `---\ntitle: x\n---\n# One\n\n${words(150)}\n\n# Two\n\n${words(150)}\n`
  const lines = text.split('\n')
  const { chunks } = chunkMarkdown(text)
  assert.deepEqual(
    chunks.map(({ fromLine }) => lines[fromLine - 1]),
    ['# One', '# Two'],
  )
})

test('any text is cut into bounded chunks, in a time that grows with its length', () => {
  const hostile = [
    '#'.repeat(100_000),
    '|'.repeat(100_000),
    '|-'.repeat(50_000),
    '```\n'.repeat(30_000),
    '# [a](b)\n'.repeat(30_000),
    ' '.repeat(200_000),
    '-\n'.repeat(50_000),
  ]
  for (const text of hostile) {
    const began = process.cpuUsage()
    const { chunks } = chunkMarkdown(text)
    const { user, system } = process.cpuUsage(began)
    assert.ok((user + system) / 1000 < 1000, `${text.slice(0, 4)} took ${(user + system) / 1000} ms`)
    assert.ok(chunks.every((chunk) => chunk.text.length < mostCharacters * 3))
  }
})

const base = { id: '1', type: 'file', title: 'x', audience: 'all' }

test('what is not text, not UTF-8 or too long is bounded and said', async () => {
  const binary = await processDocument({ ...base, content: Buffer.from([0x50, 0x4b, 3, 4, 0, 0]) })
  assert.deepEqual([binary.content, binary.chunks.length], ['', 0])
  assert.match(binary.truncated!, /not text/)
  const broken = await processDocument({ ...base, content: Buffer.from([0x61, 0xff, 0xfe, 0x62]) })
  assert.equal(broken.content, 'a\ufffd\ufffdb')
  const long = await processDocument({ ...base, content: 'word '.repeat(400_000) })
  assert.equal(long.content.length, 1_000_000)
  assert.match(long.truncated!, /only the first/)
  for (const updatedAt of ['yesterday', '99999-01-01', ''])
    assert.equal((await processDocument({ ...base, content: 'x', updatedAt })).updatedAt, undefined)
})
