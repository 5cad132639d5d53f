import type { Values } from '#forms'

const plainPath = /^\s*\$\{\{\s*event((?:\.[A-Za-z_]\w*)*)\s*\}\}\s*$/

/** The parameters that a trigger would take from an event. Only plain paths are followed here; the hub computes other expressions. */
export function valuesFromEvent(templates: Values, event: unknown): { values: Values; left: readonly string[] } {
  const values: Record<string, unknown> = {}
  const left: string[] = []
  for (const [name, template] of Object.entries(templates)) {
    const [, path] = typeof template === 'string' ? (plainPath.exec(template) ?? []) : []
    if (path !== undefined) {
      const value = at(event, path.split('.').slice(1))
      if (value !== undefined) values[name] = value
      else left.push(name)
    } else if (JSON.stringify(template).includes('${{')) left.push(name)
    else values[name] = template
  }
  return { values, left }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key) ? (inner as Record<string, unknown>)[key] : undefined,
    value,
  )
}
