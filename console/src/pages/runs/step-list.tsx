import { useSetSearch } from '#app'
import { durationText, StateBadge, visible } from '#ui'
import styles from './run.module.css'
import type { TraceNode } from './tree.ts'

/** The same as the timeline, as a table. */
export function StepList({ nodes }: { readonly nodes: readonly TraceNode[] }) {
  const setSearch = useSetSearch()
  return (
    <div className={styles.list}>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">State</th>
            <th scope="col">Took</th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ id, kind, title, status, started_at: start, finished_at: end, error, detail }) => (
            <tr key={id}>
              <td>
                <a
                  href={`?step=${encodeURIComponent(id)}`}
                  onClick={(event) => {
                    event.preventDefault()
                    setSearch({ step: id, tab: 'timeline' }, { isBack: true })
                  }}
                >
                  {`${kind} ${visible(title)}`}
                </a>
              </td>
              <td>
                <StateBadge state={status} />
              </td>
              <td>{start !== null && end !== null ? durationText(Date.parse(end) - Date.parse(start)) : ''}</td>
              <td>{error === null ? visible(detail ?? '') : visible(`${error.code}: ${error.message}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
