import { Link } from '@tanstack/react-router'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Outputs } from '#api'
import { Loaded, RowItem, RowList, StateBadge, visible } from '#ui'
import styles from './integrations.module.css'
import { texts } from './texts.ts'

/** What an integration can do, each with its effect. */
export function ToolsTab({ query }: { readonly query: UseQueryResult<Outputs['connectors']['get'], unknown> }) {
  return (
    <Loaded query={query}>
      {({ actions }) =>
        actions.length === 0 ? (
          <p className={styles.muted}>{texts.noTools}</p>
        ) : (
          <RowList>
            {actions.map(({ name, title, effect }) => (
              <RowItem
                key={name}
                main={
                  <>
                    <Link to={`/tools/${name}`}>{visible(title)}</Link> <code className={styles.muted}>{name}</code>
                  </>
                }
              >
                <StateBadge state={effect} />
              </RowItem>
            ))}
          </RowList>
        )
      }
    </Loaded>
  )
}
