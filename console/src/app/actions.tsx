import { useEffect, useRef, type ReactNode } from 'react'
import { useMissing, type OperationName } from '#api'
import { Menu, OperationButton, type ButtonProps, type MenuItem } from '#ui'

/** Something that can be done on a page: one value for its button and for the palette, so that they cannot differ. */
export interface Action extends Pick<ButtonProps, 'kind' | 'icon' | 'blocked' | 'isBusy'> {
  readonly label: string
  readonly operation: OperationName
  /** What the button says instead of the label, such as the label with its key. */
  readonly face?: ReactNode
  run(): void
}

interface Offer extends Pick<Action, 'label' | 'blocked' | 'run'> {
  /** It is one of many in a menu, which would hide everything else in a palette in which nothing was typed. */
  readonly isInMenu: boolean
}

type Offers = readonly Offer[]

const shown = new Set<{ readonly current: Offers }>()

/** The palette offers these while the component is there. */
function useOffers(offers: Offers): void {
  const latest = useRef(offers)
  useEffect(() => void (latest.current = offers))
  useEffect(() => {
    shown.add(latest)
    return () => void shown.delete(latest)
  }, [])
}

interface ActionButtonProps {
  readonly action: Action
}

/** The button of an action. The palette offers the action while the button is there. */
export function ActionButton({ action }: ActionButtonProps) {
  const { label, operation, face = label, kind, icon, blocked, isBusy = false, run } = action
  const missing = useMissing(operation)
  const reason = missing === undefined ? (isBusy ? 'It is being done' : blocked) : `You lack the scope ${missing}`
  useOffers([{ label, blocked: reason, run, isInMenu: false }])
  return (
    <OperationButton operation={operation} {...(kind && { kind })} icon={icon} blocked={blocked} isBusy={isBusy} onClick={run}>
      {face}
    </OperationButton>
  )
}

/** A menu of a page. The palette offers its items while the menu is there, with the menu's name before theirs, which say little alone. */
export function ActionMenu({ label, items }: { readonly label: string; readonly items: readonly MenuItem[] }) {
  useOffers(items.map(({ label: own, blocked, onSelect }) => ({ label: `${label}: ${own}`, blocked, run: onSelect, isInMenu: true })))
  return <Menu label={label} items={items} />
}

/** What the page that is open can do, in the order of its buttons and menus. */
export function pageActions(): Offers {
  const seen = new Set<string>()
  return [...shown].flatMap(({ current }) => current).filter(({ label }) => !seen.has(label) && seen.add(label))
}
