import { useState } from 'react'
import { Check, SelectField, TextArea, TextField } from '#ui'
import styles from './schema-form.module.css'
import { useUnreadable } from './readable.tsx'
import {
  controlFor,
  fieldsOf,
  isNumberBegun,
  linesIn,
  numberIn,
  plainSchema,
  titleOf,
  withValue,
  type Schema,
  type Values,
} from './schema.ts'

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
      return <NumberField {...shared} isInteger={control.isInteger} placeholder={placeholder} value={value} onValue={onValue} />
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

interface NumberProps extends ValueProps {
  readonly isInteger: boolean
  readonly placeholder?: string | undefined
}

const numberOf = (text: string): number | string | undefined => (text.trim() === '' ? undefined : numberIn(text))

/** A number. The field has the text that is being written, such as `1.50`, until it is left; the value is the number at any time. */
function NumberField({ isInteger, value, error, onValue, ...shared }: NumberProps) {
  const [written, setWritten] = useState<string>()
  const text = written !== undefined && numberOf(written) === value ? written : String(value ?? '')
  const number = numberOf(text)
  const isRead = number === undefined || (typeof number === 'number' && (!isInteger || Number.isInteger(number)))
  const what = isInteger ? 'no whole number' : 'no number'
  useUnreadable(isRead ? undefined : `What stands in the field "${shared.label}" is ${what}`)
  // Who has only begun to write a number is not told that it is none.
  const isBegun = written !== undefined && isNumberBegun(text)
  return (
    <TextField
      {...shared}
      error={isRead || isBegun ? error : `This is ${what}.`}
      inputMode={isInteger ? 'numeric' : 'decimal'}
      value={text}
      onValue={(next) => {
        setWritten(next)
        onValue(numberOf(next))
      }}
      onBlur={() => {
        setWritten(undefined)
        if (number !== value) onValue(number)
      }}
    />
  )
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

/** A value written as JSON. While it cannot be read, the form around it is not sent: see `useUnreadable`. */
export function JsonField({ label, about, error, required, value, onValue }: ValueProps) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)))
  const [problem, setProblem] = useState<string>()
  useUnreadable(problem === undefined ? undefined : `What stands in the field "${label}" is no JSON`)
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
