// cspell:ignoreRegExp /[\u0400-\u04ff]+/
// cspell:ignore getusername srcdbpoolts httpserver
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { termsOf } from './terms.ts'

test('names give their parts and the whole', () => {
  const terms = termsOf('getUserName user_name src/db/pool.ts HTTPServer2').join(' ')
  assert.equal(terms, 'get user nam getusername user nam username src db pool ts srcdbpoolts http server 2 httpserver2')
})

test('forms of a word are one term, in English and in Ukrainian', () => {
  const same = (...words: string[]): void => assert.equal(new Set(words.flatMap(termsOf)).size, 1, words.join())
  same('connection', 'connections', 'Connections')
  same('інтеграція', 'інтеграції', 'інтеграцією')
  same("з'єднання", 'з’єднання', 'зʼєднання', 'з’єднанням')
})

test('scripts without spaces give pairs, and words that say nothing give nothing', () => {
  assert.deepEqual(termsOf('日本語'), ['日本', '本語', '日本語'])
  assert.deepEqual(termsOf('the and of це та що'), [])
  assert.deepEqual(termsOf('… — !!! 🦭'), [])
})

test('any text is read in a time that grows with its length', () => {
  for (const hostile of ['a'.repeat(200_000), 'aA'.repeat(100_000), "a'".repeat(100_000), 'a-'.repeat(100_000), '\u0301'.repeat(100_000)]) {
    const began = process.cpuUsage()
    const terms = termsOf(hostile)
    const { user, system } = process.cpuUsage(began)
    assert.ok(terms.every((term) => term.length <= 64))
    assert.ok((user + system) / 1000 < 1000, `${hostile.slice(0, 4)}… took ${(user + system) / 1000} ms`)
  }
})
