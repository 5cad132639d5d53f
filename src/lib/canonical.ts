import { createHash } from 'node:crypto'

/** JSON with sorted keys, so that equal values have the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item
    const sorted: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    for (const key of Object.keys(item).toSorted()) sorted[key] = (item as Record<string, unknown>)[key]
    return sorted
  })
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

export function digest(value: unknown): string {
  return sha256(canonicalJson(value) ?? 'undefined')
}
