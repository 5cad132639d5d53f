export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A field that a call sets, and what it has now. */
export interface FieldChange {
  readonly name: string
  readonly before: unknown
  readonly after: unknown
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The fields of `after` that `before` has too, with another value. */
export function changedFields(before: unknown, after: unknown): readonly FieldChange[] {
  if (!isFields(before) || !isFields(after)) return []
  return Object.entries(after)
    .filter(([name, value]) => Object.hasOwn(before, name) && !same(before[name], value))
    .map(([name, value]) => ({ name, before: before[name], after: value }))
}

/** Every field in which two states differ, those included that only one of them has. */
export function differences(before: unknown, after: unknown): readonly FieldChange[] {
  if (!isFields(before) || !isFields(after)) return same(before, after) ? [] : [{ name: '', before, after }]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !same(before[name], after[name]))
    .map((name) => ({ name, before: before[name], after: after[name] }))
}

interface DiffLine {
  readonly kind: 'same' | 'before' | 'after'
  readonly text: string
}

/** Beyond this the table of the comparison would be large. */
const mostLines = 400

/** Two texts line by line, by their longest common sequence of lines; long ones one after the other. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  if (a.length > mostLines || b.length > mostLines)
    return [...a.map((text) => ({ kind: 'before', text }) as const), ...b.map((text) => ({ kind: 'after', text }) as const)]
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!)
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i]! })
      i++
      j++
    } else if (i < a.length && (j >= b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push({ kind: 'before', text: a[i++]! })
    else lines.push({ kind: 'after', text: b[j++]! })
  }
  return lines
}
