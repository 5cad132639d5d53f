import { partAt } from './truncate.ts'

export interface PartRequest {
  readonly path: string
  readonly offset: number
  readonly limit: number
}

export interface ResultPart {
  readonly part: unknown
  readonly total: number
  readonly unit: 'items' | 'characters' | 'value'
  readonly next_offset: number | null
}

/** A part of a stored output: some items of a list, or some thousands of characters of a text. */
export function partOf(output: unknown, { path, offset, limit }: PartRequest): ResultPart {
  const value = partAt(output, path)
  if (!Array.isArray(value) && typeof value !== 'string') return { part: value, total: 1, unit: 'value', next_offset: null }
  const [unit, step] = Array.isArray(value) ? (['items', limit] as const) : (['characters', limit * 1000] as const)
  const end = offset + step
  return { part: value.slice(offset, end), total: value.length, unit, next_offset: end < value.length ? end : null }
}
