/** Selects a part of a value by a path: `data.items[0].name`, `items[*].id`, `["odd key"]`. Missing parts are null. */
export function atPath(value: unknown, path: string): unknown {
  const steps = [...path.replace(/^\$\.?/, '').matchAll(/\[(\d+|\*|"(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)].map(([, inner, name]) =>
    inner?.startsWith('"') ? (JSON.parse(inner) as string) : (inner ?? name!),
  )
  return walk(value, steps) ?? null
}

function walk(value: unknown, steps: readonly string[]): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return value
  if (step === '*') return Array.isArray(value) ? value.map((item) => walk(item, rest) ?? null) : undefined
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined
  return walk((value as Record<string, unknown>)[step], rest)
}
