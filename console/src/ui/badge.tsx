import { Check, Circle, CircleAlert, Clock, Loader, MessageCircleQuestion } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './badge.module.css'
import { classes } from './classes.ts'
import { toneOf, wordOf, type Tone } from './states.ts'

const icons = { ok: Check, failed: CircleAlert, running: Loader, waiting: Clock, asks: MessageCircleQuestion, off: Circle } as const

/** A state: always an icon, a word and a colour. */
export function StateBadge({
  state,
  tone = toneOf(state),
  children,
}: {
  readonly state: string
  readonly tone?: Tone
  readonly children?: ReactNode
}) {
  const Icon = icons[tone]
  return (
    <span className={classes(styles.badge, styles[tone])} data-state={state}>
      <Icon aria-hidden />
      {children ?? wordOf(state)}
    </span>
  )
}
