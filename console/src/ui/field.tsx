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

/** What of a field is for its frame, and what for its control. */
function usePartsOf<Element extends 'input' | 'textarea' | 'select'>({
  label,
  about,
  error,
  isLabelHidden,
  onValue,
  ...rest
}: Own<Element>) {
  const own = useId()
  const id = rest.id ?? own
  return {
    frame: { id, label, about, error, isLabelHidden: isLabelHidden ?? false, isRequired: rest.required },
    control: {
      ...rest,
      id,
      className: classes(styles.control, rest.className),
      'aria-describedby': describedBy(id, { about, error }),
      'aria-invalid': error === undefined ? undefined : true,
      onChange: (event: { readonly target: { readonly value: string } }) => onValue(event.target.value),
    },
  }
}

export function TextField(props: Own<'input'>) {
  const { frame, control } = usePartsOf<'input'>(props)
  return (
    <Field {...frame}>
      <input {...control} />
    </Field>
  )
}

export function TextArea(props: Own<'textarea'>) {
  const { frame, control } = usePartsOf<'textarea'>(props)
  return (
    <Field {...frame}>
      <textarea rows={4} {...control} className={classes(control.className, styles.area)} />
    </Field>
  )
}

export interface Option {
  readonly value: string
  readonly label: string
}

export function SelectField({ options, ...props }: Own<'select'> & { readonly options: readonly Option[] }) {
  const { frame, control } = usePartsOf<'select'>(props)
  return (
    <Field {...frame}>
      <select {...control}>
        {options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
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
  /** Why it is disabled. */
  readonly title?: string | undefined
}

export function Check({ label, isOn, onValue, isDisabled = false, title }: CheckProps) {
  return (
    <label className={styles.check} title={title}>
      <input type="checkbox" checked={isOn} disabled={isDisabled} onChange={(event) => onValue(event.target.checked)} />
      <span>{label}</span>
    </label>
  )
}
