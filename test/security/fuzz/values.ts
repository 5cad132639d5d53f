import type { Random } from '#test'

/** The keywords of JSON Schema that values are made from. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
}

const words = ['a', 'text', 'main', 'octocat', 'hello-world', '1', 'github.*', 'C0000001', 'ada@example.com', 'a/b.txt']
const deepest = 5
/** As in the examples of operations. */
export const longAgo = '2026-01-31T00:00:00Z'

/** A value that the schema allows, as far as its simple keywords say. */
export function fitting(schema: Schema, random: Random, depth = 0): unknown {
  if ('const' in schema) return schema.const
  if (schema.enum) return random.oneOf(schema.enum)
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return fitting(random.oneOf(alternatives), random, depth)
  const types = [schema.type ?? random.oneOf(['string', 'object'])].flat()
  switch (random.oneOf(types)) {
    case 'null':
      return null
    case 'boolean':
      return random.chance(0.5)
    case 'integer':
    case 'number':
      return Math.min(schema.maximum ?? 3, Math.max(schema.minimum ?? 0, random.below(3)))
    case 'array':
      return Array.from({ length: depth > deepest ? 0 : random.below(3) }, () => fitting(schema.items ?? {}, random, depth + 1))
    case 'object':
      return fittingObject(schema, random, depth)
    default:
      return schema.format === 'date-time' ? longAgo : random.oneOf(words)
  }
}

function fittingObject({ properties = {}, required = [] }: Schema, random: Random, depth: number): unknown {
  const names = Object.keys(properties).filter((name) => required.includes(name) || (depth < deepest && random.chance(0.3)))
  return Object.fromEntries(names.map((name) => [name, fitting(properties[name]!, random, depth + 1)]))
}

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value }
  return value
}

/** What programs are known to stumble over. */
export const oddTexts: readonly string[] = [
  '',
  ' ',
  'a\u0000b',
  '\ud800',
  '\udc00\ud800x',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  '%00',
  "' or 1=1 --",
  '\\',
  '"',
  '<script>alert(1)</script>',
  '${{ $sum([1..9]) }}',
  '${{ ',
  '{{secret}}',
  '$',
  '*',
  '(a+)+$',
  '-1',
  '1e999',
  '0x10',
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'true',
  '\u202e\u200b\ufeff',
  '👩‍👩‍👧‍👦',
  'é'.normalize('NFD'),
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  'PT1S',
  'http://[',
  'http://127.0.0.1:1/',
  'http://169.254.169.254/latest',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'a\r\nset-cookie: b',
  'a\tb',
  'x'.repeat(300),
  'x'.repeat(70_000),
  'ä'.repeat(5000),
  '-'.repeat(2000),
]

const oddNumbers = [0, -0, -1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 63, -(2 ** 63), 1e21, 1e308, -1e308, 5e-324]
const oddKeys = ['__proto__', 'constructor', 'prototype', 'toString', 'length', '', 'a.b', 'a\u0000', '\ud800', '$ref', 'x'.repeat(1000)]

function oddValue(random: Random): unknown {
  switch (random.below(8)) {
    case 0:
      return random.oneOf([null, true, false])
    case 1:
    case 2:
      return random.oneOf(oddNumbers)
    case 3:
      return random.oneOf([[], {}, [[]], [null], { a: null }, [{}, {}]])
    case 4:
      return random.oneOf([() => nested(10), () => nested(150), () => nested(1000), () => Array.from({ length: 10_000 }, () => 0)])()
    case 5:
      return Object.fromEntries([[random.oneOf(oddKeys), random.oneOf(oddTexts)]])
    default:
      return random.oneOf(oddTexts)
  }
}

/** Changes one place of a value: another type, an odd value, a field less, a field more. */
export function mutated(value: unknown, random: Random): unknown {
  if (value === null || typeof value !== 'object' || random.chance(0.1)) return oddValue(random)
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value
    if (list.length === 0 || random.chance(0.2)) return [...list, oddValue(random)]
    const at = random.below(list.length)
    return list.map((item, index) => (index === at ? mutated(item, random) : item))
  }
  const entries = Object.entries(value)
  if (entries.length === 0 || random.chance(0.15)) return Object.fromEntries([...entries, [random.oneOf(oddKeys), oddValue(random)]])
  const at = random.below(entries.length)
  if (random.chance(0.2)) return Object.fromEntries(entries.toSpliced(at, 1))
  return Object.fromEntries(entries.map(([name, item], index) => [name, index === at ? mutated(item, random) : item]))
}
