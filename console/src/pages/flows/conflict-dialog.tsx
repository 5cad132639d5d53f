import { lazy, Suspense } from 'react'
import { Button, Dialog, OperationButton, Skeleton, visible } from '#ui'
import { texts } from './texts.ts'
import type { Edit } from './use-edit.ts'

export const Diff = lazy(() => import('./diff.tsx').then((loaded) => ({ default: loaded.Diff })))

/** Asks before somebody else's newer version is replaced, and shows how the two differ. */
export function ConflictDialog({ edit }: { readonly edit: Edit }) {
  const { conflict, closeConflict: close } = edit
  if (conflict === undefined) return null
  const { conflict: flow } = conflict
  if (flow === undefined)
    return (
      <Dialog title="The flow is gone" isOpen onClose={close} actions={<Button onClick={close}>Keep editing</Button>}>
        <p>{texts.deletedMeanwhile}</p>
      </Dialog>
    )
  return (
    <Dialog
      title={edit.base === 0 ? `There is a flow ${flow.id} already` : texts.conflictTitle(flow.version)}
      isOpen
      onClose={close}
      isWide
      actions={
        <>
          <Button
            onClick={() => {
              edit.drop()
              close()
            }}
          >
            Throw mine away
          </Button>
          <Button onClick={close}>Keep editing</Button>
          <OperationButton operation="flows.save" kind="danger" isBusy={edit.isSaving} onClick={() => edit.save(flow.version)}>
            {`Save mine as v${flow.version + 1}`}
          </OperationButton>
        </>
      }
    >
      <p>{texts.conflictAbout(visible(flow.actor_name ?? flow.actor), edit.base)}</p>
      <Suspense fallback={<Skeleton rows={10} />}>
        <Diff before={flow.source} after={edit.text} label={`Version ${flow.version} and yours`} />
      </Suspense>
    </Dialog>
  )
}
