import { visible } from '#ui'
import styles from './approvals.module.css'
import { lineDiff, type FieldChange } from './difference.ts'
import { texts } from './texts.ts'

/** A value as people read it: texts as they are, other things as JSON. */
export function valueText(value: unknown): string {
  if (value === undefined) return ''
  return visible(typeof value === 'string' ? value : JSON.stringify(value, null, 2))
}

/** Field by field: what is there, and what takes its place. Told by sign and word too, not by colour alone. */
export function Changes({ changes }: { readonly changes: readonly FieldChange[] }) {
  return (
    <dl className={styles.fields}>
      {changes.map(({ name, before, after }) => (
        <div key={name} className={styles.field}>
          <dt>{visible(name)}</dt>
          <dd>
            <Lines before={valueText(before)} after={valueText(after)} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

const signs = { same: ' ', before: '−', after: '+' } as const
const tags = { same: 'div', before: 'del', after: 'ins' } as const

function Lines({ before, after }: { readonly before: string; readonly after: string }) {
  return (
    <div className={styles.diff}>
      {lineDiff(before, after).map(({ kind, text }, index) => {
        const Tag = tags[kind]
        return (
          // oxlint-disable-next-line react/no-array-index-key -- lines have no other name, and do not move.
          <Tag key={index} className={styles[kind]}>
            <span aria-hidden className={styles.sign}>
              {signs[kind]}
            </span>
            {kind === 'same' ? null : <span className="hidden-visually">{`${texts[kind]}: `}</span>}
            {text === '' ? ' ' : text}
          </Tag>
        )
      })}
    </div>
  )
}
