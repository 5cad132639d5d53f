import { Check, CircleAlert, X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import { dismiss, noticeStore } from './toasts.ts'
import styles from './toasts.module.css'

/** The one live region for results: what a reader should hear is said here, once. */
export function Toasts() {
  const notices = useSyncExternalStore(noticeStore.subscribe, noticeStore.get)
  return (
    <div className={styles.area} role="status" aria-live="polite">
      {notices.map(({ id, kind, text, more, requestId }) => (
        <div key={id} className={classes(styles.notice, styles[kind])}>
          {kind === 'ok' ? <Check aria-hidden /> : <CircleAlert aria-hidden />}
          <div className={styles.text}>
            <p>{text}</p>
            {more === undefined ? null : <p className={styles.more}>{more}</p>}
            {requestId === undefined ? null : <p className={styles.more}>{`Request ${requestId}`}</p>}
          </div>
          <Button kind="quiet" iconOnly icon={<X aria-hidden />} onClick={() => dismiss(id)}>
            Dismiss
          </Button>
        </div>
      ))}
    </div>
  )
}
