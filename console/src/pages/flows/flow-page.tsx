import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { trpc, useAction } from '#api'
import { useLive, useSearch, useSetSearch } from '#app'
import { Confirm, copyIdKey, Loaded, Note, OperationButton, Page, StateBadge, Tabs, useKeys, visible } from '#ui'
import { ConflictDialog } from './conflict-dialog.tsx'
import { EditTab } from './edit-tab.tsx'
import { FlowActions } from './flow-actions.tsx'
import { stateOf, stateTones, type WholeFlow } from './flow-state.ts'
import styles from './flows.module.css'
import { RunsTab } from './runs-tab.tsx'
import { StartsTab } from './starts-tab.tsx'
import { texts } from './texts.ts'
import { useEdit } from './use-edit.ts'
import { VersionsTab } from './versions-tab.tsx'

const kinds = ['flow'] as const

export function FlowPage({ id }: { readonly id: string }) {
  const options = trpc.flows.get.queryOptions({ id })
  const query = useQuery(options)
  // The address may have its name, which hints do not know.
  useLive(kinds, options.queryKey, { ids: query.data && [query.data.flow_id] })
  if (query.data === undefined)
    return (
      <Page title={visible(id)} about={<Link to="/flows">{texts.title}</Link>}>
        <Loaded query={query} rows={14}>
          {() => null}
        </Loaded>
      </Page>
    )
  return <Whole flow={query.data} />
}

function Whole({ flow }: { readonly flow: WholeFlow }) {
  const { id, name, version, source } = flow
  const { tab = 'edit' } = useSearch()
  const setSearch = useSetSearch()
  const edit = useEdit({ name: id, id, saved: useMemo(() => ({ source, version }), [source, version]) })
  useKeys(useMemo(() => [copyIdKey(id)], [id]))
  const [isDropping, setDropping] = useState(false)
  const contents = {
    edit: <EditTab edit={edit} flow={flow} />,
    runs: <RunsTab flow={flow} />,
    versions: <VersionsTab flow={flow} />,
    starts: <StartsTab flow={flow} />,
  }
  return (
    <Page
      title={visible(name ?? id)}
      about={
        <span className={styles.about}>
          <Link to="/flows">{texts.title}</Link>
          <code>{id}</code>
          <span>v{version}</span>
          <StateBadge state={stateOf(flow)} tone={stateTones[stateOf(flow)]} />
          {edit.isChanged ? (
            <span className={styles.draft}>
              draft kept
              <button type="button" onClick={() => setDropping(true)}>
                Throw it away
              </button>
            </span>
          ) : null}
        </span>
      }
      actions={<FlowActions flow={flow} edit={edit} />}
    >
      <Notes flow={flow} isBehind={edit.isChanged && edit.base < version} base={edit.base} />
      <Tabs
        label="Parts of the flow"
        open={tab}
        onOpen={(next) => setSearch({ tab: next === 'edit' ? undefined : next }, { isBack: true })}
        tabs={tabNames.map((one) => ({ ...one, content: one.id === tab ? contents[one.id] : null }))}
      />
      <ConflictDialog edit={edit} />
      <Confirm
        title={texts.dropTitle}
        isOpen={isDropping}
        onClose={() => setDropping(false)}
        action="Throw my changes away"
        isDanger
        onConfirm={() => {
          edit.drop()
          setDropping(false)
        }}
      >
        <p>{texts.dropAbout(version)}</p>
      </Confirm>
    </Page>
  )
}

const tabNames = [
  { id: 'edit', label: 'Edit' },
  { id: 'runs', label: 'Runs' },
  { id: 'versions', label: 'Versions' },
  { id: 'starts', label: 'Starts' },
] as const

function Notes({ flow, isBehind, base }: { readonly flow: WholeFlow; readonly isBehind: boolean; readonly base: number }) {
  const adopt = useAction(trpc.flows.adopt, { done: 'The flow runs with your rights' })
  return (
    <>
      {flow.blocked === null || !flow.enabled ? null : (
        <Note tone="failed">
          <div className={styles.runNote}>
            <span>
              {visible(flow.blocked)} {texts.adoptAbout}
            </span>
            <OperationButton operation="flows.adopt" isBusy={adopt.isPending} onClick={() => adopt.mutate({ id: flow.id })}>
              Adopt
            </OperationButton>
          </div>
        </Note>
      )}
      {isBehind ? <Note tone="waiting">{texts.behind(visible(flow.actor_name ?? flow.actor), flow.version, base)}</Note> : null}
    </>
  )
}
