import { useEffect, useMemo, useRef, type ReactNode } from 'react'
import { copyIdKey } from './copy.tsx'
import { useKeys } from './keys.ts'
import styles from './page.module.css'

interface PageProps {
  readonly title: string
  readonly about?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** The content fills the window and scrolls in its parts. */
  readonly isFull?: boolean
}

/** A page with its heading, which gets the focus after navigation. */
export function Page({ title, about, actions, children, isFull = false }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
  }, [])
  useEffect(() => {
    document.title = `${title} · IntegrationHub`
  }, [title])
  return (
    <div className={styles.page} data-full={isFull || undefined}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {about === undefined ? null : <p className={styles.about}>{about}</p>}
        </div>
        {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
      </header>
      <div className={styles.content}>{children}</div>
    </div>
  )
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  actions,
  children,
}: {
  readonly title: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <section className={styles.section}>
      <header className={styles.sectionHeader}>
        <h2>{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  )
}

/** A surface with a hairline around it. */
export function Card({ children }: { readonly children: ReactNode }) {
  return <div className={styles.card}>{children}</div>
}

interface SplitProps {
  readonly list: ReactNode
  /** What is open, beside the list, or instead of it on narrow windows. */
  readonly detail: ReactNode | undefined
}

export function Split({ list, detail }: SplitProps) {
  return (
    <div className={styles.split} data-open={detail !== undefined || undefined}>
      <div className={styles.list}>{list}</div>
      {detail === undefined ? null : <div className={styles.detail}>{detail}</div>}
    </div>
  )
}

interface DetailProps {
  /** What the key `c` copies. */
  readonly id: string
  readonly title: ReactNode
  readonly badge?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  onClose(): void
}

/** The open row of a list. Its heading gets the focus when it opens; Escape closes it. */
export function Detail({ id, title, badge, actions, children, onClose }: DetailProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  useKeys(useMemo(() => [{ key: 'Escape', label: 'Close', run: onClose }, copyIdKey(id)], [id, onClose]))
  return (
    <article className={styles.article}>
      <header className={styles.articleHeader}>
        <button type="button" className={styles.back} onClick={onClose}>
          ← Back to the list
        </button>
        <div className={styles.articleTitle}>
          <h2 ref={heading} tabIndex={-1}>
            {title}
          </h2>
          {badge}
        </div>
        {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
      </header>
      <div className={styles.articleBody}>{children}</div>
    </article>
  )
}
