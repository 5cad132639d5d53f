import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { trpc, workspacePath, workspace } from '#api'
import { ActionMenu, Actor, pathOf, ThingLink, useLive, useSearch, useSetSearch } from '#app'
import { copyText, durationText, ErrorNote, Facts, Id, Json, Loaded, StateBadge, Tabs, Time, visible, wordOf } from '#ui'
import styles from './run.module.css'
import type { TraceNode } from './tree.ts'

const runKinds = ['run'] as const
const callKinds = ['call'] as const
/** A line is shown anew when its state changes, and what was read before the change is old. */
const staleTime = 0

/** What went into the selected line and what came out. */
export function NodeDetail({ node }: { readonly node: TraceNode }) {
  const { kind, title, status, started_at: start, finished_at: end, attempts, error, wait } = node
  return (
    <div className={styles.parts}>
      <h2>{visible(title)}</h2>
      <Facts
        of={[
          ['Kind', kind],
          ['State', <StateBadge key="state" state={status} />],
          ['Began', start === null ? undefined : <Time key="start" at={start} />],
          ['Took', start !== null && end !== null ? durationText(Date.parse(end) - Date.parse(start)) : undefined],
          ['Attempts', attempts !== null && attempts > 1 ? attempts : undefined],
          ['Waits for', wait ? wordOf(wait.for) : undefined],
          ['Until', wait?.until ? <Time key="until" at={wait.until} /> : undefined],
          ['Id', /^[a-z]+_[\w-]+$/.test(node.id) ? <Id key="id">{node.id}</Id> : undefined],
          [
            'Page',
            pathOf(node.id) && kind !== 'run' && !node.id.includes('/') && !node.id.includes('#') ? (
              <ThingLink key="page" id={node.id}>{`Open the ${kind}`}</ThingLink>
            ) : undefined,
          ],
        ]}
      />
      {error === null ? null : <ErrorNote error={{ code: error.code, detail: visible(error.message), hint: error.hint ?? undefined }} />}
      <Content node={node} />
    </div>
  )
}

function Content({ node }: { readonly node: TraceNode }) {
  switch (node.kind) {
    case 'step':
      return <Step node={node} />
    case 'call':
      return <Call id={node.id} />
    case 'run':
      return <RunValues id={node.id} />
    default:
      return null
  }
}

function Step({ node }: { readonly node: TraceNode }) {
  const cut = node.id.indexOf('/')
  const [run, path] = [node.id.slice(0, cut), node.id.slice(cut + 1)]
  const options = trpc.runs.get.queryOptions({ id: run })
  const query = useQuery({ ...options, staleTime })
  useLive(runKinds, options.queryKey, { ids: [run] })
  return (
    <Loaded query={query} rows={4}>
      {({ steps }) => {
        const step = steps.find((one) => one.path === path)
        return step ? <Values input={step.input} output={step.output} command={`hub run show ${run}`} id={run} /> : null
      }}
    </Loaded>
  )
}

function RunValues({ id }: { readonly id: string }) {
  const options = trpc.runs.get.queryOptions({ id })
  const query = useQuery({ ...options, staleTime })
  useLive(runKinds, options.queryKey, { ids: [id] })
  return (
    <Loaded query={query} rows={4}>
      {({ parameters, outputs, actor, actor_name: name }) => (
        <>
          <Facts of={[['With the rights of', <Actor key="actor" actor={actor} name={name} />]]} />
          <Values input={parameters} output={outputs} command={`hub run show ${id}`} id={id} />
        </>
      )}
    </Loaded>
  )
}

function Call({ id }: { readonly id: string }) {
  const options = trpc.invocations.get.queryOptions({ id })
  const query = useQuery({ ...options, staleTime })
  useLive(callKinds, options.queryKey, { ids: [id] })
  return (
    <Loaded query={query} rows={4}>
      {({ input, output }) => <Values input={input} output={output} command={`hub invocation show ${id}`} id={id} />}
    </Loaded>
  )
}

interface ValuesProps {
  readonly input: unknown
  readonly output: unknown
  readonly command: string
  readonly id: string
}

function Values({ input, output, command, id }: ValuesProps): ReactNode {
  const { part = 'output' } = useSearch()
  const setSearch = useSetSearch()
  const address = new URL(workspacePath(workspace ?? '', pathOf(id)), location.origin).href
  const api = id.startsWith('run_') ? 'runs' : 'invocations'
  const json = (value: unknown): string => JSON.stringify(value, null, 2) ?? 'null'
  return (
    <>
      <div>
        <ActionMenu
          label="Copy"
          items={[
            { label: 'Output', onSelect: () => void copyText(json(output)) },
            { label: 'Input', onSelect: () => void copyText(json(input)) },
            { label: 'Link', onSelect: () => void copyText(address) },
            { label: 'Link as Markdown', onSelect: () => void copyText(`[${id}](${address})`) },
            { label: 'Command', onSelect: () => void copyText(command) },
            {
              label: 'curl',
              onSelect: () => void copyText(`curl -H "Authorization: Bearer $HUB_TOKEN" ${location.origin}/api/v1/${api}/${id}`),
            },
          ]}
        />
      </div>
      <Tabs
        label="Values"
        open={part}
        onOpen={(next) => setSearch({ part: next })}
        tabs={[
          { id: 'output', label: 'Output', content: <Json value={output} label="Output" fileName={id} /> },
          { id: 'input', label: 'Input', content: <Json value={input} label="Input" fileName={id} /> },
        ]}
      />
    </>
  )
}
