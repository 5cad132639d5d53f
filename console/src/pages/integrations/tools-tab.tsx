import { Link } from '@tanstack/react-router'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Outputs } from '#api'
import { Loaded, StateBadge, visible } from '#ui'
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
          <ul className={styles.rows}>
            {actions.map(({ name, title, effect }) => (
              <li key={name} className={styles.row}>
                <span className={styles.rowMain}>
                  <Link to={`/tools/${name}`}>{visible(title)}</Link> <code className={styles.muted}>{name}</code>
                </span>
                <StateBadge state={effect} />
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  )
}
