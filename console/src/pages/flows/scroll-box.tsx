import type { ReactNode } from 'react'
import styles from './flows.module.css'

/** Something that may be wider than the page. Keys can reach it, so that they can scroll it. */
export function ScrollBox({
  label,
  children,
  className = styles.tableBox,
}: {
  readonly label: string
  readonly children: ReactNode
  readonly className?: string | undefined
}) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keys.
    <div className={className} data-scrolls tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  )
}
