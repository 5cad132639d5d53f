import { Button } from './button.tsx'
import { useState } from 'react'
import styles from './object-table.module.css'
import { visible } from './safe-text.ts'

type Item = Readonly<Record<string, unknown>>

const isItem = (value: unknown): value is Item => typeof value === 'object' && value !== null && !Array.isArray(value)
const mostColumns = 8
const rowsAtOnce = 100
const longestCell = 200

/** The list of objects that a value is or has, if there is one. */
export function listIn(value: unknown): readonly Item[] | undefined {
  const lists = Array.isArray(value) ? [value] : isItem(value) ? Object.values(value).filter((part) => Array.isArray(part)) : []
  return lists.find((list): list is Item[] => list.length > 0 && (list as unknown[]).every(isItem))
}

/** A list of objects with a column for each of the fields that most of them have. */
export function ObjectTable({ items, label }: { readonly items: readonly Item[]; readonly label: string }) {
  const [shown, setShown] = useState(rowsAtOnce)
  const counts = new Map<string, number>()
  for (const name of items.slice(0, 1000).flatMap((item) => Object.keys(item))) counts.set(name, (counts.get(name) ?? 0) + 1)
  const columns = [...counts].toSorted(([, a], [, b]) => b - a).map(([name]) => name)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keys.
    <div data-scrolls className={styles.frame} role="region" aria-label={label} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.slice(0, mostColumns).map((name) => (
              <th key={name} scope="col">
                {visible(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.slice(0, shown).map((item, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- the items have no other name, and do not move.
            <tr key={index}>
              {columns.slice(0, mostColumns).map((name) => (
                <td key={name}>{cellText(item[name])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {items.length > shown ? (
        <Button onClick={() => setShown(shown + rowsAtOnce)}>{`Show more of the ${items.length} rows`}</Button>
      ) : null}
      {columns.length > mostColumns ? (
        <p className={styles.more}>{`Not shown here: ${columns.slice(mostColumns).map(visible).join(', ')}`}</p>
      ) : null}
    </div>
  )
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return visible(text.length > longestCell ? `${text.slice(0, longestCell)} …` : text)
}
