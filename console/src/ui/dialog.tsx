import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { useRef, type ReactNode } from 'react'
import { Button, ButtonGroup } from './button.tsx'
import styles from './dialog.module.css'

interface DialogProps {
  readonly title: string
  readonly isOpen: boolean
  onClose(): void
  readonly children: ReactNode
  /** Buttons at the end; the last one does it. */
  readonly actions?: ReactNode
  readonly isWide?: boolean
  /** It shows what is shown only once: only its buttons close it, not Escape and no click beside it. */
  readonly isKept?: boolean
}

/** A window over the page. Focus goes into it, and back to where it was, or to the heading of the page where that is gone. */
export function Dialog({ title, isOpen, onClose, children, actions, isWide = false, isKept = false }: DialogProps) {
  const opener = useRef<Element>(null)
  return (
    <Base.Root
      open={isOpen}
      disablePointerDismissal={isKept}
      onOpenChange={(open, { reason }) => {
        if (!open && !(isKept && reason === 'escape-key')) onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup
          className={styles.popup}
          data-wide={isWide || undefined}
          initialFocus={() => {
            opener.current = document.activeElement
            return true
          }}
          finalFocus={() => (opener.current?.isConnected === false ? document.querySelector<HTMLElement>('main h1') : true)}
        >
          <header className={styles.header}>
            <Base.Title>{title}</Base.Title>
            <Base.Close render={<Button kind="quiet" iconOnly icon={<X aria-hidden />} />}>Close</Base.Close>
          </header>
          <div className={styles.body}>{children}</div>
          {actions === undefined ? null : (
            <footer className={styles.footer}>
              <ButtonGroup>{actions}</ButtonGroup>
            </footer>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface ConfirmProps {
  readonly title: string
  readonly isOpen: boolean
  onClose(): void
  readonly children: ReactNode
  /** What the button says: the verb and what it is about. */
  readonly action: string
  readonly isDanger?: boolean
  readonly isBusy?: boolean
  readonly blocked?: string | undefined
  onConfirm(): void
}

/** Asks before something that cannot be taken back. */
export function Confirm({ action, isDanger = false, isBusy = false, blocked, onConfirm, onClose, ...rest }: ConfirmProps) {
  return (
    <Dialog
      {...rest}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={isDanger ? 'danger' : 'main'} isBusy={isBusy} blocked={blocked} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    />
  )
}
