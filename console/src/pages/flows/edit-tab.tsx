import { lazy, Suspense } from 'react'
import { Skeleton } from '#ui'
import type { WholeFlow } from './flow-state.ts'
import type { Edit } from './use-edit.ts'

const Workbench = lazy(() => import('./workbench.tsx').then((loaded) => ({ default: loaded.Workbench })))

/** The text of a flow beside its steps. The editor is loaded when it is opened. */
export function EditTab(props: { readonly edit: Edit; readonly flow?: WholeFlow }) {
  return (
    <Suspense fallback={<Skeleton rows={14} />}>
      <Workbench {...props} />
    </Suspense>
  )
}
