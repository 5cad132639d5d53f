import type { ReactNode } from 'react'
import type { OperationName } from '#api'
import { Button, Dialog, ErrorNote, OperationButton } from '#ui'
import { Readable, useReadable } from './readable.tsx'
import styles from './form-dialog.module.css'

interface FormDialogProps {
  readonly title: string
  /** What is changed, in a sentence above the fields. */
  readonly about?: string | undefined
  readonly operation: OperationName
  /** What the button says that sends the form. */
  readonly action: string
  readonly error: unknown
  readonly isBusy: boolean
  readonly children: ReactNode
  onClose(): void
  onSubmit(): void
}

/** A window with a form. Its button and Enter send it, unless a field has JSON that cannot be read. */
export function FormDialog({ title, about, operation, action, error, isBusy, children, onClose, onSubmit }: FormDialogProps) {
  const { blocked, report } = useReadable()
  return (
    <Dialog
      title={title}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <OperationButton operation={operation} kind="main" blocked={blocked} isBusy={isBusy} onClick={onSubmit}>
            {action}
          </OperationButton>
        </>
      }
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (blocked === undefined) onSubmit()
        }}
      >
        {about === undefined ? null : <p className={styles.about}>{about}</p>}
        {error ? <ErrorNote error={error} /> : null}
        <Readable report={report}>{children}</Readable>
      </form>
    </Dialog>
  )
}
