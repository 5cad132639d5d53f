import type { ReactNode } from 'react'
import styles from './row-list.module.css'

/** A short list whose rows have a text, and marks at their end. */
export function RowList({ children }: { readonly children: ReactNode }) {
  return <ul className={styles.rows}>{children}</ul>
}

/** A row: what it is, and behind it what is said of it. */
export function RowItem({ main, children }: { readonly main: ReactNode; readonly children?: ReactNode }) {
  return (
    <li className={styles.row}>
      <span className={styles.main}>{main}</span>
      {children}
    </li>
  )
}
