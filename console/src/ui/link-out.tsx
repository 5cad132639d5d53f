import { ExternalLink } from 'lucide-react'
import type { ReactNode } from 'react'
import { safeHref, visible } from './safe-text.ts'
import styles from './link-out.module.css'

/** A link to another site, which learns nothing of this page; a text where the address is no ordinary one. */
export function LinkOut({ href, children = href }: { readonly href: string; readonly children?: ReactNode }) {
  const safe = safeHref(href)
  if (safe === undefined) return <span>{typeof children === 'string' ? visible(children) : children}</span>
  return (
    <a className={styles.link} href={safe} target="_blank" rel="noopener noreferrer">
      {typeof children === 'string' ? visible(children) : children}
      <ExternalLink aria-label="opens in a new tab" />
    </a>
  )
}
