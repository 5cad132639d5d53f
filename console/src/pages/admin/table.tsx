import type { ReactNode } from 'react'
import styles from './admin.module.css'

interface TableProps<Row> {
  readonly label: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  keyOf(row: Row): string
  cells(row: Row): readonly ReactNode[]
}

/** A list that is short enough to stand whole on the page. On narrow windows each row is a block with the names of its columns. */
export function Table<Row>({ label, columns, rows, keyOf, cells }: TableProps<Row>) {
  return (
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {cells(row).map((cell, index) => (
              <td key={columns[index]} data-column={columns[index]}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
