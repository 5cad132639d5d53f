import { useId, type ComponentProps, type ReactNode } from 'react'
import { classes } from './classes.ts'
import styles from './field.module.css'

interface Labelled {
  readonly label: string
  /** What to write, in a sentence under the label. */
  readonly about?: ReactNode
  /** What is wrong with the value. */
  readonly error?: string | undefined
  /** The label is for readers only. */
  readonly isLabelHidden?: boolean
}

interface FieldProps extends Labelled {
  readonly id: string
  readonly isRequired?: boolean | undefined
  readonly children: ReactNode
}

/** A label, an explanation and an error around a control, which names them by `describedBy(id, …)`. */
export function Field({ id, label, about, error, isLabelHidden = false, isRequired = false, children }: FieldProps) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={classes(styles.label, isLabelHidden && 'hidden-visually')}>
        {label}
        {isRequired ? <span className={styles.required}> required</span> : null}
      </label>
      {about === undefined ? null : (
        <p id={`${id}-about`} className={styles.about}>
          {about}
        </p>
      )}
      {children}
      {error === undefined ? null : (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  )
}

export function describedBy(id: string, { about, error }: Pick<Labelled, 'about' | 'error'>): string | undefined {
  return classes(about !== undefined && `${id}-about`, error !== undefined && `${id}-error`) || undefined
}

type Own<Element extends 'input' | 'textarea' | 'select'> = Omit<ComponentProps<Element>, 'onChange' | 'value'> &
  Labelled & { readonly value: string; onValue(value: string): void }

export function TextField({ label, about, error, isLabelHidden, onValue, ...rest }: Own<'input'>) {
  const own = useId()
  const id = rest.id ?? own
  return (
    <Field {...{ id, label, about, error, isLabelHidden: isLabelHidden ?? false, isRequired: rest.required }}>
      <input
        {...rest}
        id={id}
        className={classes(styles.control, rest.className)}
        aria-describedby={describedBy(id, { about, error })}
        aria-invalid={error === undefined ? undefined : true}
        onChange={(event) => onValue(event.target.value)}
      />
    </Field>
  )
}

export function TextArea({ label, about, error, isLabelHidden, onValue, ...rest }: Own<'textarea'>) {
  const own = useId()
  const id = rest.id ?? own
  return (
    <Field {...{ id, label, about, error, isLabelHidden: isLabelHidden ?? false, isRequired: rest.required }}>
      <textarea
        rows={4}
        {...rest}
        id={id}
        className={classes(styles.control, styles.area, rest.className)}
        aria-describedby={describedBy(id, { about, error })}
        aria-invalid={error === undefined ? undefined : true}
        onChange={(event) => onValue(event.target.value)}
      />
    </Field>
  )
}

export interface Option {
  readonly value: string
  readonly label: string
}

export function SelectField({
  label,
  about,
  error,
  isLabelHidden,
  onValue,
  options,
  ...rest
}: Own<'select'> & { readonly options: readonly Option[] }) {
  const own = useId()
  const id = rest.id ?? own
  return (
    <Field {...{ id, label, about, error, isLabelHidden: isLabelHidden ?? false, isRequired: rest.required }}>
      <select
        {...rest}
        id={id}
        className={classes(styles.control, rest.className)}
        aria-describedby={describedBy(id, { about, error })}
        aria-invalid={error === undefined ? undefined : true}
        onChange={(event) => onValue(event.target.value)}
      >
        {options.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  )
}

interface CheckProps {
  readonly label: ReactNode
  readonly isOn: boolean
  onValue(isOn: boolean): void
  readonly isDisabled?: boolean
}

export function Check({ label, isOn, onValue, isDisabled = false }: CheckProps) {
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={isOn} disabled={isDisabled} onChange={(event) => onValue(event.target.checked)} />
      <span>{label}</span>
    </label>
  )
}
