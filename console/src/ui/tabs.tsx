import { useId, useRef, type ReactNode } from 'react'
import styles from './tabs.module.css'

export interface Tab {
  readonly id: string
  readonly label: string
  readonly content: ReactNode
}

interface TabsProps {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly open: string
  onOpen(id: string): void
  /** The open part fills the rest of the window. */
  readonly isFull?: boolean
}

/** Parts of a page, one of which is seen. Arrow keys move between them. Keep the open one in the address. */
export function Tabs({ label, tabs, open, onOpen, isFull = false }: TabsProps) {
  const prefix = useId()
  const bar = useRef<HTMLDivElement>(null)
  const current = tabs.find(({ id }) => id === open) ?? tabs[0]!
  const move = (by: number): void => {
    const index = (tabs.indexOf(current) + by + tabs.length) % tabs.length
    onOpen(tabs[index]!.id)
    bar.current?.querySelectorAll('button')[index]?.focus()
  }
  return (
    <div className={styles.whole} data-full={isFull || undefined}>
      <div
        ref={bar}
        role="tablist"
        aria-label={label}
        className={styles.tabs}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') move(1)
          if (event.key === 'ArrowLeft') move(-1)
        }}
      >
        {tabs.map(({ id, label: text }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${prefix}${id}`}
            aria-selected={id === current.id}
            aria-controls={`${prefix}panel`}
            tabIndex={id === current.id ? 0 : -1}
            className={styles.tab}
            onClick={() => onOpen(id)}
          >
            {text}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${prefix}panel`} aria-labelledby={`${prefix}${current.id}`} className={styles.panel}>
        {current.content}
      </div>
    </div>
  )
}
