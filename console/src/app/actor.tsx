import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { trpc } from '#api'
import { NamedFilter, visible } from '#ui'

/** Where tokens, people and flows are shown, by the beginning of the actor. */
const places: readonly (readonly [prefix: string, path: (id: string) => string])[] = [
  ['token:', () => '/admin/tokens'],
  ['user:', () => '/admin/people'],
  ['system:flow:', (id) => `/flows/${encodeURIComponent(id)}`],
]

interface ActorProps {
  readonly actor: string
  readonly name: string | null
}

/** The name of somebody who did something, which leads to them. Its title is the id. */
export function Actor({ actor, name }: ActorProps) {
  const text = visible(name ?? actor)
  const place = places.find(([prefix]) => actor.startsWith(prefix))
  if (!place) return <span title={actor}>{text}</span>
  return (
    <Link to={place[1](actor.slice(place[0].length))} title={actor}>
      {text}
    </Link>
  )
}

/** The same inside a row that is a link or a button itself. */
export function ActorText({ actor, name }: ActorProps) {
  return <span title={actor}>{visible(name ?? actor)}</span>
}

interface ActorFilterProps {
  readonly label: string
  readonly value: string | undefined
  onValue(value: string | undefined): void
}

/** One of those who can act in the workspace, by name. */
export function ActorFilter({ label, value, onValue }: ActorFilterProps) {
  const { data } = useQuery(trpc.actors.list.queryOptions({}))
  const items = data?.items ?? []
  const repeated = new Set(items.map(({ name }) => name).filter((name, index, names) => names.indexOf(name) !== index))
  const known = items.map(({ actor, name }) => ({ value: actor, label: visible(repeated.has(name) ? `${name} (${actor})` : name) }))
  const isKnown = value === undefined || items.some(({ actor }) => actor === value)
  return (
    <NamedFilter label={label} value={value} options={isKnown ? known : [...known, { value, label: visible(value) }]} onValue={onValue} />
  )
}
