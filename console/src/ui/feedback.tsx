import { CircleAlert, Inbox } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { problemOf } from '#api'
import { Button } from './button.tsx'
import styles from './feedback.module.css'

/** Says what is wrong, where and what to do next, and offers another try. */
export function ErrorNote({ error, onRetry }: { readonly error: unknown; onRetry?(): void }) {
  const { code, detail, hint, requestId, errors } = problemOf(error)
  return (
    <div className={styles.error} role="alert">
      <CircleAlert aria-hidden />
      <div>
        <p className={styles.title}>{detail}</p>
        {errors.map(({ path, message }) => (
          <p key={path}>
            <code>{path}</code> {message}
          </p>
        ))}
        {hint === undefined ? null : <p>{hint}</p>}
        <p className={styles.small}>
          <code>{code}</code>
          {requestId === undefined ? '' : ` · request ${requestId}`}
        </p>
        {onRetry ? <Button onClick={onRetry}>Try again</Button> : null}
      </div>
    </div>
  )
}

interface EmptyProps {
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}

/** What a list says that has nothing: a sentence, and what to do. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div className={styles.empty}>
      <Inbox aria-hidden />
      <p className={styles.title}>{title}</p>
      {children === undefined ? null : <div className={styles.text}>{children}</div>}
      {action}
    </div>
  )
}

/** Grey bars of the size of what will come. They show after 150 ms only, so that a quick answer does not flicker. */
export function Skeleton({ rows = 8 }: { readonly rows?: number }) {
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className={styles.skeleton} aria-busy="true" data-shown={isShown || undefined}>
      <span className="hidden-visually">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={styles.bar} />
      ))}
    </div>
  )
}

interface LoadedProps<Data> {
  readonly query: { readonly data: Data | undefined; readonly error: unknown; readonly isPending: boolean; refetch(): unknown }
  readonly rows?: number
  readonly children: (data: Data) => ReactNode
}

/** What a query gave: its data, even when it could not be read again, or why there is none. */
export function Loaded<Data>({ query, rows, children }: LoadedProps<Data>) {
  if (query.data !== undefined)
    return (
      <>
        {query.error ? <ErrorNote error={query.error} onRetry={() => void query.refetch()} /> : null}
        {children(query.data)}
      </>
    )
  if (query.error) return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />
  return <Skeleton {...(rows === undefined ? {} : { rows })} />
}

/** A remark beside other content. */
export function Note({
  tone = 'off',
  children,
}: {
  readonly tone?: 'ok' | 'failed' | 'running' | 'waiting' | 'asks' | 'off'
  readonly children: ReactNode
}) {
  return (
    <div className={styles.note} data-tone={tone}>
      {children}
    </div>
  )
}
