import type { TimestampRule } from './scheme.ts'
import type { RejectReason } from './types.ts'

const patterns = {
  s: /^\d{1,12}$/,
  ms: /^\d{1,15}$/,
  iso: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/,
} as const

/** Returns undefined if the timestamp is within the tolerance, in the past or in the future. */
export function checkTimestamp(
  text: string | undefined,
  { unit, tolerance }: Pick<TimestampRule, 'unit' | 'tolerance'>,
  now: number,
): RejectReason | undefined {
  if (text === undefined) return 'timestamp_missing'
  if (!patterns[unit].test(text)) return 'timestamp_malformed'
  const at = unit === 'iso' ? Date.parse(text) : Number(text) * (unit === 's' ? 1000 : 1)
  if (Number.isNaN(at)) return 'timestamp_malformed'
  return Math.abs(now - at) <= tolerance * 1000 ? undefined : 'timestamp_stale'
}

export function timestampText(unit: TimestampRule['unit'], now: number): string {
  if (unit === 'iso') return new Date(now).toISOString()
  return String(unit === 's' ? Math.floor(now / 1000) : Math.floor(now))
}
