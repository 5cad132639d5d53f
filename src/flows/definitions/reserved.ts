import type { Connector } from '#kit'

/** What the names of the hub's own events begin with. */
const ownFamilies = ['hub', 'approval', 'bus', 'endpoint', 'flow', 'integration', 'invocation', 'subscription']

/** Says who alone publishes events of a type; undefined for a type that flows may emit. */
export type ReservedType = (type: string) => string | undefined

export function createReservedTypes(connectors: readonly Connector[]): ReservedType {
  const titles = new Map(ownFamilies.map((family) => [family, 'the hub itself']))
  for (const { name, aliases, title } of connectors) for (const family of [name, ...aliases]) titles.set(family, title)
  return (type) => titles.get(type.split('.', 1)[0]!.trim().toLowerCase())
}
