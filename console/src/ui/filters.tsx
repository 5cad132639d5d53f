import { X } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react'
import { Button } from './button.tsx'
import type { Option } from './field.tsx'
import { Empty } from './feedback.tsx'
import styles from './filters.module.css'
import { useKeys } from './keys.ts'
import { wordOf } from './states.ts'

interface FilterBarProps {
  readonly children: ReactNode
  /** Whether a filter is set. */
  readonly isSet: boolean
  onClear(): void
}

/** The filters of a list, side by side. `/` goes to the first. */
export function FilterBar({ children, isSet, onClear }: FilterBarProps) {
  const bar = useRef<HTMLDivElement>(null)
  useKeys(
    useMemo(
      () => [{ key: '/', label: 'Filter the list', run: () => bar.current?.querySelector<HTMLElement>('input, select, button')?.focus() }],
      [],
    ),
  )
  return (
    <div ref={bar} className={styles.bar} role="search" aria-label="Filters">
      {children}
      {isSet ? (
        <Button kind="quiet" icon={<X aria-hidden />} onClick={onClear}>
          Clear filters
        </Button>
      ) : null}
    </div>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string | undefined
  readonly options: readonly string[]
  onValue(value: string | undefined): void
}

/** What a list says that no row of passes the filters. */
export function NothingMatches({ title, onClear, children }: { readonly title: string; onClear(): void; readonly children?: ReactNode }) {
  return (
    <Empty title={title} action={<Button onClick={onClear}>Clear filters</Button>}>
      {children}
    </Empty>
  )
}

/** One value of a few. */
export function ChoiceFilter({ options, ...rest }: ChoiceProps) {
  return <NamedFilter {...rest} options={options.map((value) => ({ value, label: wordOf(value) }))} />
}

interface NamedProps extends Omit<ChoiceProps, 'options'> {
  readonly options: readonly Option[]
  /** What the filter says that is not set. */
  readonly none?: string
}

/** One of several things that have a name beside their value. */
export function NamedFilter({ label, value, options, none = 'any', onValue }: NamedProps) {
  return (
    <label className={styles.filter} data-set={value !== undefined || undefined}>
      <span className={styles.name}>{label}</span>
      <select value={value ?? ''} onChange={(event) => onValue(event.target.value || undefined)}>
        <option value="">{none}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Several values of a few, joined by commas as the address has them. */
export function StatesFilter({ label, value, options, onValue }: ChoiceProps) {
  const chosen = new Set((value ?? '').split(',').filter(Boolean))
  const toggle = (option: string): void => {
    const next = chosen.has(option) ? [...chosen].filter((one) => one !== option) : [...chosen, option]
    onValue(next.length === 0 ? undefined : next.join(','))
  }
  return (
    <div className={styles.states} role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} type="button" className={styles.state} aria-pressed={chosen.has(option)} onClick={() => toggle(option)}>
          {wordOf(option)}
        </button>
      ))}
    </div>
  )
}

interface TextFilterProps {
  readonly label: string
  readonly value: string | undefined
  readonly placeholder?: string
  onValue(value: string | undefined): void
}

const typingMs = 300

/** A text, which counts 300 ms after the last letter. */
export function TextFilter({ label, value, placeholder, onValue }: TextFilterProps) {
  const [text, setText] = useState(value ?? '')
  const id = useId()
  const sent = useRef(value ?? '')
  useEffect(() => {
    if ((value ?? '') !== sent.current.trim()) {
      sent.current = value ?? ''
      setText(sent.current)
    }
  }, [value])
  useEffect(() => {
    if (text.trim() === sent.current.trim()) return undefined
    const timer = setTimeout(() => {
      sent.current = text
      onValue(text.trim() || undefined)
    }, typingMs)
    return () => clearTimeout(timer)
  }, [text, onValue])
  return (
    <label className={styles.filter} htmlFor={id} data-set={text !== '' || undefined}>
      <span className={styles.name}>{label}</span>
      <input id={id} type="search" value={text} placeholder={placeholder} onChange={(event) => setText(event.target.value)} />
    </label>
  )
}

const ranges: readonly Option[] = [
  { value: '-15m', label: 'last 15 minutes' },
  { value: '-1h', label: 'last hour' },
  { value: '-24h', label: 'last 24 hours' },
  { value: '-7d', label: 'last 7 days' },
  { value: '-30d', label: 'last 30 days' },
]

/** From when. The address keeps `-24h`, so that a link shows the last day whenever it is opened. */
export function TimeFilter({ value, onValue }: Pick<ChoiceProps, 'value' | 'onValue'>) {
  const isKnown = value === undefined || ranges.some((range) => range.value === value)
  const options = isKnown ? ranges : [...ranges, { value, label: value }]
  return <NamedFilter label="Since" none="always" value={value} options={options} onValue={onValue} />
}
