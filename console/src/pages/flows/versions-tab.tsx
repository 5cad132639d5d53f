import { useQuery } from '@tanstack/react-query'
import { Suspense, useState } from 'react'
import { trpc, useAction } from '#api'
import { Actor, useSearch, useSetSearch } from '#app'
import { Confirm, Empty, Loaded, OperationButton, Section, SelectField, Skeleton, Time } from '#ui'
import { Diff } from './conflict-dialog.tsx'
import type { WholeFlow } from './flow-state.ts'
import styles from './flows.module.css'
import { ScrollBox } from './scroll-box.tsx'
import { texts } from './texts.ts'

/** Every version with who saved it, how two of them differ, and a way back. */
export function VersionsTab({ flow }: { readonly flow: WholeFlow }) {
  const query = useQuery(trpc.flows.versions.queryOptions({ id: flow.id }))
  return <Loaded query={query}>{({ items }) => <Versions flow={flow} versions={items} />}</Loaded>
}

interface Version {
  readonly version: number
  readonly actor: string
  readonly actor_name: string | null
  readonly source: string
  readonly created_at: string
}

function Versions({ flow, versions }: { readonly flow: WholeFlow; readonly versions: readonly Version[] }) {
  const { before, after } = useSearch()
  const setSearch = useSetSearch()
  const [restoring, setRestoring] = useState<Version>()
  const save = useAction(trpc.flows.replace, {
    done: ({ version, enabled }) => texts.saved(version, enabled),
    onDone: () => setRestoring(undefined),
  })
  const find = (text: string | undefined): Version | undefined => versions.find(({ version }) => String(version) === text)
  const newer = find(after) ?? versions[0]
  const older = find(before) ?? versions.find(({ version }) => newer !== undefined && version < newer.version)
  const options = versions.map(({ version }) => ({ value: String(version), label: `v${version}` }))
  return (
    <div className={styles.stack}>
      <ScrollBox label="Versions">
        <table className={styles.table}>
          <thead>
            <tr>
              <th>Version</th>
              <th>Saved</th>
              <th>By</th>
              <th>
                <span className="hidden-visually">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map((one, index) => (
              <tr key={one.version}>
                <td>
                  v{one.version}
                  {one.version === flow.version ? <span className={styles.muted}> current</span> : null}
                </td>
                <td>
                  <Time at={one.created_at} />
                </td>
                <td>
                  <Actor actor={one.actor} name={one.actor_name} />
                </td>
                <td className={styles.rowActions}>
                  {index < versions.length - 1 ? (
                    <button
                      type="button"
                      className={styles.linkButton}
                      onClick={() => setSearch({ after: String(one.version), before: String(versions[index + 1]!.version) })}
                    >
                      What changed<span className="hidden-visually"> in v{one.version}</span>
                    </button>
                  ) : null}
                  {one.version === flow.version ? null : (
                    <OperationButton operation="flows.replace" kind="quiet" onClick={() => setRestoring(one)}>
                      Restore<span className="hidden-visually"> v{one.version}</span>
                    </OperationButton>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      {older === undefined || newer === undefined ? (
        <Empty title={texts.oneVersion} />
      ) : (
        <Section
          title="What changed"
          actions={
            <div className={styles.compare}>
              <SelectField label="From" value={String(older.version)} options={options} onValue={(value) => setSearch({ before: value })} />
              <SelectField label="To" value={String(newer.version)} options={options} onValue={(value) => setSearch({ after: value })} />
            </div>
          }
        >
          <Suspense fallback={<Skeleton rows={8} />}>
            <Diff before={older.source} after={newer.source} label={`From version ${older.version} to ${newer.version}`} />
          </Suspense>
        </Section>
      )}
      <Confirm
        title={`Restore version ${restoring?.version ?? ''}?`}
        isOpen={restoring !== undefined}
        onClose={() => setRestoring(undefined)}
        action={`Save it as v${flow.version + 1}`}
        isBusy={save.isPending}
        onConfirm={() => restoring && save.mutate({ id: flow.id, source: restoring.source, based_on: flow.version })}
      >
        <p>{texts.restoreAbout}</p>
      </Confirm>
    </div>
  )
}
