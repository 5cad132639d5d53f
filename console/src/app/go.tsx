import { Navigate, useParams } from '@tanstack/react-router'
import { NotFound } from './failures.tsx'
import { pathOf } from './thing-link.tsx'

/** `/go/ID` opens anything by its id. */
export function Go() {
  const { id = '' } = useParams({ strict: false })
  const path = pathOf(id)
  return path === undefined ? <NotFound /> : <Navigate to={path} replace />
}
