import { useEffect, useId, useState } from 'react'
import { Check, SelectField, TextArea, TextField } from '#ui'
import styles from './schema-form.module.css'
import { useReport } from './readable.tsx'
import { controlFor, fieldsOf, linesIn, numberIn, plainSchema, titleOf, withValue, type Schema, type Values } from './schema.ts'

const none: FieldErrors = {}

/** What is wrong, by path: `body.title`. */
export type FieldErrors = Readonly<Record<string, string>>

interface SchemaFormProps {
  readonly schema: Schema
  readonly values: Values
  onValues(values: Values): void
  readonly errors?: FieldErrors
  /** The path of these fields in the whole input. */
  readonly path?: string
}

/** A form from a JSON Schema. The server checks the values; the form only keeps them in their types. */
export function SchemaForm({ schema, values, onValues, errors = none, path = '' }: SchemaFormProps) {
  const fields = fieldsOf(plainSchema(schema))
  const optional = fields.filter(({ isRequired }) => !isRequired)
  const [isMoreOpen, setMoreOpen] = useState(optional.length <= 6)
  const isHidden = (name: string): boolean => !isMoreOpen && values[name] === undefined && errors[join(path, name)] === undefined
  return (
    <div className={styles.form}>
      {fields
        .filter(({ name, isRequired }) => isRequired || !isHidden(name))
        .map(({ name, schema: field, isRequired }) => (
          <SchemaField
            key={name}
            {...{ name, schema: field, isRequired, errors }}
            path={join(path, name)}
            value={values[name]}
            onValue={(value) => onValues(withValue(values, name, value))}
          />
        ))}
      {optional.some(({ name }) => isHidden(name)) ? (
        <button type="button" className={styles.more} onClick={() => setMoreOpen(true)}>
          {`Show ${optional.filter(({ name }) => isHidden(name)).length} more fields`}
        </button>
      ) : null}
    </div>
  )
}

interface FieldProps {
  readonly name: string
  readonly schema: Schema
  readonly isRequired: boolean
  readonly path: string
  readonly value: unknown
  readonly errors: FieldErrors
  onValue(value: unknown): void
}

function SchemaField({ name, schema: given, isRequired, path, value, errors, onValue }: FieldProps) {
  const schema = plainSchema({ ...given, title: titleOf(name, given) })
  const label = titleOf(name, given)
  const control = controlFor(schema)
  const shared = { label, about: given.description, error: errors[path], required: isRequired }
  const text = value === undefined || value === null ? '' : String(value)
  const example = schema.examples?.[0] ?? schema.default
  const placeholder = typeof example === 'string' || typeof example === 'number' ? String(example) : undefined
  switch (control.kind) {
    case 'choice': {
      const none = isRequired ? [] : [{ value: '', label: 'not set' }]
      const options = [...none, ...control.options.map((option) => ({ value: option, label: option }))]
      return (
        <SelectField
          {...shared}
          value={text}
          options={isRequired && text === '' ? [{ value: '', label: 'choose …' }, ...options] : options}
          onValue={(next) => onValue(next || undefined)}
        />
      )
    }
    case 'number':
      return (
        <TextField
          {...shared}
          inputMode={control.isInteger ? 'numeric' : 'decimal'}
          placeholder={placeholder}
          value={text}
          onValue={(next) => onValue(next === '' ? undefined : numberIn(next))}
        />
      )
    case 'yes-no':
      return (
        <div>
          <Check label={label} isOn={value === undefined ? schema.default === true : value === true} onValue={onValue} />
          {given.description === undefined ? null : <p className={styles.about}>{given.description}</p>}
        </div>
      )
    case 'texts':
      return <Texts {...shared} about={`${given.description ?? ''} One in each line.`.trim()} value={value} onValue={onValue} />
    case 'object':
      // What a group needs is needed only where the group is there.
      if (value === undefined && !isRequired)
        return (
          <button type="button" className={styles.more} onClick={() => onValue({})}>
            {`Set ${label}`}
          </button>
        )
      return (
        <fieldset className={styles.group}>
          <legend>{label}</legend>
          <SchemaForm schema={schema} path={path} errors={errors} values={(value ?? {}) as Values} onValues={onValue} />
          {isRequired ? null : (
            <button type="button" className={styles.more} onClick={() => onValue(undefined)}>
              {`Remove ${label}`}
            </button>
          )}
        </fieldset>
      )
    case 'choice-or-json':
      return <ChoiceOrJson {...shared} options={control.options} value={value} onValue={onValue} />
    case 'json':
      return <JsonField {...shared} value={value} onValue={onValue} />
    case 'text':
      return control.isLong ? (
        <TextArea {...shared} value={text} onValue={(next) => onValue(next || undefined)} />
      ) : (
        <TextField
          {...shared}
          type={control.isSecret ? 'password' : control.inputType}
          autoComplete={control.isSecret ? 'new-password' : 'off'}
          placeholder={placeholder}
          value={text}
          onValue={(next) => onValue(next || undefined)}
        />
      )
    default:
      return control satisfies never
  }
}

interface ValueProps {
  readonly label: string
  readonly about?: string | undefined
  readonly error?: string | undefined
  readonly required?: boolean
  readonly value: unknown
  onValue(value: unknown): void
}

/** Texts, one in each line. The text has the empty lines that are being written; the value has none. */
function Texts({ value, onValue, ...shared }: ValueProps) {
  const [text, setText] = useState('')
  const given = Array.isArray(value) ? value.join('\n') : String(value ?? '')
  return (
    <TextArea
      {...shared}
      rows={3}
      value={linesIn(text).join('\n') === given ? text : given}
      onValue={(next) => {
        const lines = linesIn(next)
        setText(next)
        onValue(lines.length === 0 ? undefined : lines)
      }}
    />
  )
}

interface ChoiceOrJsonProps extends ValueProps {
  readonly options: readonly string[]
}

const otherValue = '\u0000other'

/** One of some texts; what is none of them is written as JSON. */
function ChoiceOrJson({ options, value, onValue, ...shared }: ChoiceOrJsonProps) {
  const [isOther, setOther] = useState(value !== undefined && !options.includes(value as string))
  const choices = [
    { value: '', label: shared.required ? 'choose …' : 'not set' },
    ...options.map((option) => ({ value: option, label: option })),
    { value: otherValue, label: 'something else, as JSON' },
  ]
  const choose = (next: string): void => {
    setOther(next === otherValue)
    onValue(next === '' || next === otherValue ? undefined : next)
  }
  return (
    <>
      <SelectField {...shared} value={isOther ? otherValue : ((value as string | undefined) ?? '')} options={choices} onValue={choose} />
      {isOther ? <JsonField label={`${shared.label}, as JSON`} value={value} onValue={onValue} /> : null}
    </>
  )
}

/** A value written as JSON. While it cannot be read, the form around it is not sent: see `useReadable`. */
export function JsonField({ label, about, error, required, value, onValue }: ValueProps) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)))
  const [problem, setProblem] = useState<string>()
  const field = useId()
  const report = useReport()
  const isUnreadable = problem !== undefined
  useEffect(() => {
    if (!isUnreadable) return undefined
    report(field, label)
    return () => report(field, undefined)
  }, [isUnreadable, field, label, report])
  const read = (next: string): void => {
    setText(next)
    try {
      onValue(next.trim() === '' ? undefined : JSON.parse(next))
      setProblem(undefined)
    } catch (cause) {
      setProblem(`This is no JSON: ${(cause as Error).message}`)
    }
  }
  return (
    <TextArea
      label={label}
      about={about ?? 'As JSON.'}
      error={problem ?? error}
      required={required}
      spellCheck={false}
      className={styles.json}
      value={text}
      onValue={read}
    />
  )
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
