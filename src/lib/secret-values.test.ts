import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecretValues, noSecrets } from './secret-values.ts'

const long = 'a "long" secret/+'
const secrets = createSecretValues([long, 'pin', 4711], (value) => `<${String(value).slice(0, 3)}>`)

test('a secret is replaced in each form in which it is sent, and a short one where it stands alone', () => {
  const basic = (before: string): string => Buffer.from(`${before}${long}`).toString('base64')
  for (const [given, shown] of [
    [long, '<a "> '.trim()],
    [`Bearer ${long}.`, 'Bearer <a ">.'],
    [`?q=${encodeURIComponent(long)}&b`, '?q=<a ">&b'],
    [JSON.stringify({ x: long }), '{"x":"<a ">"}'],
    ['pin', '<pin>'],
    ['a pin', 'a pin'],
    ['4711', '<471>'],
    [4711, '<471>'],
    [47_110, 47_110],
    [{ [long]: [{ pin: ['pin', true, null] }] }, { '<a ">': [{ '<pin>': ['<pin>', true, null] }] }],
  ] as const)
    assert.deepEqual(secrets.hide(given), shown, JSON.stringify(given))
  for (const before of ['', 'u', 'us', 'use', 'user:'])
    assert.ok(!secrets.hide(`Basic ${basic(before)}`).includes(basic(before).slice(-12)), before)
})

test('what has no secret is the same object, and much of it is looked through fast', () => {
  const plain = { a: ['b', 1, undefined], c: undefined }
  assert.equal(secrets.hide(plain), plain)
  assert.equal(secrets.hide(undefined), undefined)
  assert.equal(noSecrets.hide(plain), plain)
  const many = createSecretValues(
    Array.from({ length: 50 }, (_, n) => `a secret with the number ${n}`),
    () => '*',
  )
  const rows = Array.from({ length: 100_000 }, (_, id) => ({ id, name: `row ${id}` }))
  const began = performance.now()
  assert.equal(many.hide(rows), rows)
  assert.ok(performance.now() - began < 1000)
})
