import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExpressions } from '#expressions'
import { parameterNames, parametersSchema } from './parameters.ts'

const a = { properties: { a: {} } }
const more = { properties: { b: {} } }

test('an expression may read each parameter that the schema of a flow takes', async () => {
  await using expressions = createExpressions()
  for (const [parameters, names] of [
    [a, ['a']],
    [{ ...a, required: ['a', 'b'] }, ['a', 'b']],
    [{ ...a, required: ['a', 'b'], additionalProperties: false }, ['a']],
    [{ ...a, unevaluatedProperties: false }, ['a']],
    [{ ...a, additionalProperties: false, allOf: [more] }, ['a']],
    [{ type: 'object', additionalProperties: false }, []],
    [{ ...a, unevaluatedProperties: true }, undefined],
    [{ ...a, additionalProperties: { type: 'integer' } }, undefined],
    [{ ...a, additionalProperties: false, patternProperties: { '^b': {} } }, undefined],
    [{ ...a, allOf: [more] }, undefined],
    [{ ...a, unevaluatedProperties: false, anyOf: [more] }, undefined],
    [{ ...a, oneOf: [more] }, undefined],
    [{ ...a, $ref: '#/$defs/more', $defs: { more } }, undefined],
    [{ ...a, if: true, then: more }, undefined],
    [{ ...a, dependentSchemas: { a: more } }, undefined],
    [{ type: 'object' }, undefined],
  ] as const) {
    const text = JSON.stringify(parameters)
    const found = parameterNames(parameters)
    assert.deepEqual(found && [...found], names, text)
    for (const value of [
      { a: 1, b: 1 },
      { a: 1, c: 1 },
    ]) {
      const { errors } = await expressions.schemas.validate(parametersSchema({ parameters }), value, { workspaceId: 'ws_test' })
      const isReadable = Object.keys(value).every((name) => found?.has(name) ?? true)
      assert.ok(errors.length > 0 || isReadable, `${text} takes ${JSON.stringify(value)}`)
    }
  }
  assert.deepEqual(parameterNames(undefined), new Set())
})
