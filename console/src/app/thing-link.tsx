import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** The page of each kind of id. */
const pages: Readonly<Record<string, string>> = {
  run: '/runs',
  evt: '/events',
  inv: '/calls',
  apr: '/approvals',
  end: '/endpoints',
  flow: '/flows',
  int: '/integrations',
}

/** Where the thing with this id is shown. A delivery is a row of its trace. */
export function pathOf(id: string): string | undefined {
  const prefix = id.slice(0, id.indexOf('_'))
  if (prefix === 'del') return `/endpoints/deliveries/${id}`
  const page = pages[prefix]
  return page === undefined ? undefined : `${page}/${id}`
}

/** A link to a thing by its id. */
export function ThingLink({ id, children = id }: { readonly id: string; readonly children?: ReactNode }) {
  const path = pathOf(id)
  return path === undefined ? <code>{id}</code> : <Link to={path}>{children}</Link>
}
