const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** A thousand years. Longer durations are typing errors and could exceed the range of a Date. */
const longestMs = 1000 * 365 * units.d

/** Converts `10s`, `1h30m` or `90d` to milliseconds. Returns undefined for other text. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(ms|[smhdw]))+$/.test(text)) return undefined
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) {
    total += Number(count) * units[unit as keyof typeof units]
  }
  return total <= longestMs ? total : undefined
}
