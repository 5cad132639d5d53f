import { Eye, Pencil, Trash2 } from 'lucide-react'
import styles from './badge.module.css'
import { classes } from './classes.ts'
import { toneOf } from './states.ts'

const effects = {
  read: { verb: 'reads', icon: Eye },
  write: { verb: 'writes', icon: Pencil },
  destroy: { verb: 'destroys', icon: Trash2 },
} as const

const of = (effect: string): (typeof effects)[keyof typeof effects] | undefined => effects[effect as keyof typeof effects]

/** What a tool does to the outside system, as a verb. */
export function effectVerb(effect: string): string {
  return of(effect)?.verb ?? effect
}

export function EffectBadge({ effect }: { readonly effect: string }) {
  const Icon = of(effect)?.icon ?? Pencil
  return (
    <span className={classes(styles.badge, styles[toneOf(effect)])} data-effect={effect}>
      <Icon aria-hidden />
      {effectVerb(effect)}
    </span>
  )
}
