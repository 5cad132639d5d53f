/** A step of a path: the name of a field, the number of an item, or `*` for every item. */
export type Steps = readonly string[]

const step = /\[(\d+|\*|"(?:[^"\\]|\\.)*")\]|([^.[\]]+)/y

/** The steps of `data.items[0].name`, `items[*].id` or `["odd key"]`; undefined if the text is not such a path. */
export function parsePath(path: string): Steps | undefined {
  const steps: string[] = []
  for (let at = /^\$\.?/.exec(path)?.[0].length ?? 0; at < path.length;) {
    if (path[at] === '.' && steps.length > 0) at += 1
    step.lastIndex = at
    const [whole, inner, name] = step.exec(path) ?? []
    const text = inner?.startsWith('"') ? unquoted(inner) : (inner ?? name)
    if (whole === undefined || text === undefined) return undefined
    steps.push(text)
    at += whole.length
  }
  return steps
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}

/** The part of a value that the steps lead to. Missing parts are null. */
export function atSteps(value: unknown, steps: Steps): unknown {
  return walk(value, steps) ?? null
}

function walk(value: unknown, [step, ...rest]: Steps): unknown {
  if (step === undefined) return value
  if (step === '*') return Array.isArray(value) ? value.map((item) => walk(item, rest) ?? null) : undefined
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined
  return walk((value as Record<string, unknown>)[step], rest)
}
