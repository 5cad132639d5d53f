import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { trpc } from '#api'
import { ThingLink, useLive } from '#app'
import { Loaded, RowItem, RowList, StateBadge, Time, visible } from '#ui'
import styles from './integrations.module.css'
import { texts } from './texts.ts'

const kinds = ['call'] as const
const shown = 30

/** The last calls of an integration. */
export function CallsTab({ name }: { readonly name: string }) {
  const input = { integration: name, limit: shown }
  const query = useQuery(trpc.invocations.list.queryOptions(input))
  useLive(kinds, trpc.invocations.list.queryKey(input))
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <p className={styles.muted}>{texts.noCalls}</p>
        ) : (
          <div className={styles.stack}>
            <RowList>
              {items.map(({ id, tool, status, started_at: at, error }) => (
                <RowItem
                  key={id}
                  main={
                    <>
                      <ThingLink id={id}>{tool}</ThingLink>{' '}
                      {error === null ? null : (
                        <span className={styles.muted}>{visible(String(error['message'] ?? error['code'] ?? ''))}</span>
                      )}
                    </>
                  }
                >
                  <StateBadge state={status} />
                  <Time at={at} />
                </RowItem>
              ))}
            </RowList>
            <p>
              <Link to="/calls" search={{ integration: name }}>
                {texts.allCalls}
              </Link>
            </p>
          </div>
        )
      }
    </Loaded>
  )
}
