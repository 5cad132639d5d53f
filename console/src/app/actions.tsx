import { useEffect, useRef, type ReactNode } from 'react'
import { useMissing, type OperationName } from '#api'
import { OperationButton, type ButtonProps } from '#ui'

/** Something that can be done on a page: one value for its button and for the palette, so that they cannot differ. */
export interface Action extends Pick<ButtonProps, 'kind' | 'icon' | 'blocked' | 'isBusy'> {
  readonly label: string
  readonly operation: OperationName
  /** What the button says instead of the label, such as the label with its key. */
  readonly face?: ReactNode
  run(): void
}

type Offer = Pick<Action, 'label' | 'blocked' | 'run'>

const offers = new Set<{ readonly current: Offer }>()

interface ActionButtonProps {
  readonly action: Action
}

/** The button of an action. The palette offers the action while the button is there. */
export function ActionButton({ action }: ActionButtonProps) {
  const { label, operation, face = label, kind, icon, blocked, isBusy = false, run } = action
  const missing = useMissing(operation)
  const offer = useRef<Offer>(action)
  useEffect(() => {
    offer.current = {
      label,
      run,
      blocked: missing === undefined ? (isBusy ? 'It is being done' : blocked) : `You lack the scope ${missing}`,
    }
  })
  useEffect(() => {
    offers.add(offer)
    return () => void offers.delete(offer)
  }, [])
  return (
    <OperationButton operation={operation} {...(kind && { kind })} icon={icon} blocked={blocked} isBusy={isBusy} onClick={run}>
      {face}
    </OperationButton>
  )
}

/** What the page that is open can do, in the order of its buttons. */
export function pageActions(): readonly Offer[] {
  const seen = new Set<string>()
  return [...offers].map(({ current }) => current).filter(({ label }) => !seen.has(label) && seen.add(label))
}
