import { Menu as Base } from '@base-ui/react/menu'
import { ChevronDown } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { Button } from './button.tsx'
import styles from './menu.module.css'

export interface MenuItem {
  readonly label: string
  readonly icon?: ReactNode
  /** Why it cannot be used now. */
  readonly blocked?: string | undefined
  onSelect(): void
}

interface MenuProps {
  readonly label: string
  readonly items: readonly MenuItem[]
  /** Another button than the one with the label. */
  readonly trigger?: ReactElement<Record<string, unknown>>
}

export function Menu({ label, items, trigger }: MenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger ?? <Button />}>
        {trigger ? undefined : (
          <>
            {label}
            <ChevronDown aria-hidden />
          </>
        )}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className={styles.positioner}>
          <Base.Popup className={styles.popup}>
            {items.map((item) => (
              <Base.Item
                key={item.label}
                className={styles.item}
                disabled={item.blocked !== undefined}
                title={item.blocked}
                onClick={() => item.onSelect()}
              >
                {item.icon}
                {item.label}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
