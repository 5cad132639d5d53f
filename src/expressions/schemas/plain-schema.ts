import { shortFormats } from './format-names.ts'
import { innerSchemas } from './keywords.ts'

const notes = '$schema $comment title description default examples deprecated readOnly writeOnly'
const linear = `type nullable enum const properties required additionalProperties items minLength maxLength minimum maximum exclusiveMinimum
  exclusiveMaximum minItems maxItems minProperties maxProperties format`
const plainKeywords = new Set(`${notes} ${linear}`.split(/\s+/))

/** The compiler takes 0.5 ms for a schema of one keyword, so this takes 30 ms. */
const maxSchemas = 60
const maxText = 20_000
const maxChoices = 50

/**
 * Whether a schema only looks at each part of a value once: no patterns, no comparisons of items, no alternatives and no references. It runs
 * in the hub's process; all others run in a worker.
 */
export function isPlainSchema(root: unknown, text: string): boolean {
  if (text.length > maxText) return false
  let left = maxSchemas
  const isPlain = (schema: unknown): boolean => {
    if (--left < 0) return false
    if (typeof schema !== 'object' || schema === null) return true
    return (
      Object.entries(schema).every(([keyword, value]) => plainKeywords.has(keyword) && isCheap(keyword, value)) &&
      innerSchemas(schema as Record<string, unknown>).every(({ schema: inner }) => isPlain(inner))
    )
  }
  return isPlain(root)
}

function isCheap(keyword: string, value: unknown): boolean {
  if (keyword === 'format') return shortFormats.has(value as string)
  if (keyword === 'const') return isScalar(value)
  if (keyword === 'enum') return (value as unknown[]).length <= maxChoices && (value as unknown[]).every(isScalar)
  if (keyword === 'required') return (value as unknown[]).length <= maxChoices
  return true
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

const maxParts = 5000

/** Whether a value is small enough to be checked in the hub's process: 10,000 objects that do not fit took 27 ms. */
export function isSmall(value: unknown): boolean {
  let left = maxParts
  const count = (part: unknown): boolean => {
    if (--left < 0) return false
    if (typeof part === 'string') return (left -= part.length / 1000) >= 0
    return typeof part !== 'object' || part === null || Object.values(part).every(count)
  }
  return count(value)
}
