/** Whether a value would take more than this many characters as JSON, roughly. It stops counting there, so that it takes little time. */
export function isLargerThan(maxChars: number, value: unknown): boolean {
  let left = maxChars
  const pending: unknown[] = [value]
  while (pending.length > 0 && left >= 0) {
    const item = pending.pop()
    left -= typeof item === 'string' ? item.length + 3 : 6
    if (typeof item !== 'object' || item === null) continue
    if (Array.isArray(item)) {
      if (item.length > left) return true
      for (const inner of item) pending.push(inner)
      continue
    }
    for (const [key, inner] of Object.entries(item)) {
      left -= key.length + 3
      pending.push(inner)
    }
  }
  return left < 0
}
