import { client, useRows, type Outputs } from '#api'
import { ActorText } from '#app'
import { Empty, Grid, Section, Time, visible, type Column } from '#ui'
import styles from './audit-log.module.css'
import { texts } from './texts.ts'

type Entry = Outputs['audit']['list']['items'][number]

const kinds = ['token', 'credential', 'integration', 'flow', 'policy', 'member', 'approval'] as const
const columns: readonly Column<Entry>[] = [
  { key: 'action', title: 'What', width: 'minmax(0, 1fr)', narrow: 'lead', render: ({ action }) => visible(action) },
  { key: 'subject', title: 'On', width: 'minmax(0, 2fr)', narrow: 'second', render: ({ subject }) => visible(subject) },
  {
    key: 'actor',
    title: 'By',
    width: 'minmax(0, 2fr)',
    narrow: 'second',
    render: ({ actor, actor_name: name }) => <ActorText actor={actor} name={name} />,
  },
  { key: 'detail', title: 'More', width: 'minmax(0, 3fr)', narrow: 'second', render: ({ detail }) => visible(JSON.stringify(detail)) },
  { key: 'at', title: 'When', width: '120px', narrow: 'end', render: ({ at }) => <Time at={at} /> },
]

/** Who changed what. Entries are chained by their hashes, and nobody changes them. */
export function AuditLog() {
  const list = useRows<Entry>({
    key: ['audit'],
    kinds,
    fetchPage: (cursor) => client.audit.list.query({ cursor, limit: 100 }),
    idOf: ({ seq }) => String(seq),
  })
  return (
    <Section title={texts.audit}>
      <div className={styles.frame}>
        <Grid
          label={texts.audit}
          columns={columns}
          list={list}
          idOf={({ seq }) => String(seq)}
          nameOf={({ action, subject }) => `${action} ${subject}`}
          onOpen={() => undefined}
          empty={<Empty title={texts.noAudit} />}
        />
      </div>
    </Section>
  )
}
