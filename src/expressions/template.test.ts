import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HubError } from '#errors'
import fc from 'fast-check'
import { createExpressions, findTemplates, render, unclosedAt } from './index.ts'

const input = { name: 'Ann', n: 3, list: [1, 2], map: { a: { b: 1 } }, none: null }

const ws = { workspaceId: 'wsp_1' }

test('a template that is one expression gives its value, and among text its words', async () => {
  await using expressions = createExpressions()
  const cases: [unknown, unknown][] = [
    ['${{ n }}', 3],
    ['${{list}}', [1, 2]],
    ['${{ none }}', null],
    ['${{ absent }}', undefined],
    ['Hello ${{ name }}, ${{ list }}${{ absent }}!', 'Hello Ann, [1,2]!'],
    [' ${{ n }}', ' 3'],
    ['$${{ n }}', '${{ n }}'],
    ['$${{ n }} is ${{ n }}', '${{ n }} is 3'],
    ['${{ {"a": {"b": n}} }}', { a: { b: 3 } }],
    ['${{ {"a": {"b": n}}}}', { a: { b: 3 } }],
    ['${{ "}}" & n }}', '}}3'],
    ["${{ '}}' & `name` }}", '}}Ann'],
    ['${{ "}}\\"}}" & n }}', '}}"}}3'],
    ['${{ /* }} */ n }}', 3],
    ["${{ $replace(name, /n'|x/, '') }}", 'Ann'],
    ['${{ n / 3 }} "quoted" ${{ n }}', '1 "quoted" 3'],
    ['}} $ {{ }} $', '}} $ {{ }} $'],
    [
      { to: ['${{ name }}', '${{ absent }}'], gone: '${{ absent }}', flag: true },
      { to: ['Ann', null], flag: true },
    ],
  ]
  for (const [template, expected] of cases)
    assert.deepEqual(await render(expressions, template, input, ws), expected, JSON.stringify(template))
})

test('every template of a value is found, with its place in the value and in its text', () => {
  assert.deepEqual(findTemplates({ a: ['x', 'see ${{ n }} and ${{name}}'], b: 1 }), [
    { path: ['a', 1], text: 'see ${{ n }} and ${{name}}', expression: 'n', offset: 8 },
    { path: ['a', 1], text: 'see ${{ n }} and ${{name}}', expression: 'name', offset: 20 },
  ])
  assert.deepEqual(findTemplates('$${{ n }}'), [])
  assert.equal(unclosedAt('a ${{ n'), 2)
  assert.equal(unclosedAt('${{ "}}'), 0)
  assert.equal(unclosedAt('${{ n }}'), undefined)
})

test('one that is never closed, or comes to more than it may, fails', async () => {
  await using expressions = createExpressions()
  const code = (expected: string) => (error: unknown) => error instanceof HubError && error.code === expected
  await assert.rejects(render(expressions, 'a ${{ n', input, ws), code('expression_failed'))
  const most = { ...ws, maxOutputBytes: 1000 }
  await assert.rejects(render(expressions, '${{ s }}'.repeat(3), { s: 'x'.repeat(500) }, most), code('expression_limit'))
})

test('texts without an expression come through as they are', async () => {
  await using expressions = createExpressions()
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      fc.pre(!JSON.stringify(value).includes('${{') && !JSON.stringify(value).includes('__proto__'))
      assert.deepEqual(JSON.stringify(await render(expressions, value, input, ws)), JSON.stringify(value))
    }),
  )
})
