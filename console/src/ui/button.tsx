import type { ComponentProps, ReactNode } from 'react'
import { useMissing, type OperationName } from '#api'
import styles from './button.module.css'
import { classes } from './classes.ts'

type Kind = 'main' | 'plain' | 'danger' | 'quiet'

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  readonly kind?: Kind
  /** Only the icon is seen; the label is for readers and the tooltip. */
  readonly icon?: ReactNode
  readonly iconOnly?: boolean
  /** Why it cannot be used now. The button stays reachable, so that everybody can learn the reason. */
  readonly blocked?: string | undefined
  readonly isBusy?: boolean
}

export function Button({
  kind = 'plain',
  icon,
  iconOnly = false,
  blocked,
  isBusy = false,
  children,
  onClick,
  title,
  ...rest
}: ButtonProps) {
  const isOff = blocked !== undefined || isBusy
  return (
    <button
      type="button"
      {...rest}
      className={classes(styles.button, kind !== 'plain' && styles[kind], iconOnly && styles.icon, rest.className)}
      aria-disabled={isOff || undefined}
      aria-busy={isBusy || undefined}
      title={blocked ?? title ?? (iconOnly && typeof children === 'string' ? children : undefined)}
      onClick={(event) => {
        if (isOff) return event.preventDefault()
        onClick?.(event)
      }}
    >
      {icon}
      {iconOnly ? <span className="hidden-visually">{children}</span> : children}
      {blocked === undefined ? null : <span className="hidden-visually">. {blocked}</span>}
    </button>
  )
}

/** A button for one operation of the hub. Whoever may not use it sees it, and reads which scope is missing. */
export function OperationButton({ operation, blocked, ...rest }: ButtonProps & { readonly operation: OperationName }) {
  const missing = useMissing(operation)
  return <Button {...rest} blocked={missing === undefined ? blocked : `You lack the scope ${missing}`} />
}

export function ButtonGroup({ children }: { readonly children: ReactNode }) {
  return <div className={styles.group}>{children}</div>
}

/** The class of a link that looks like a button. */
export const buttonClass = (kind: Kind = 'plain'): string => classes(styles.button, kind !== 'plain' && styles[kind])
