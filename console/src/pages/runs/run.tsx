import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { RotateCcw, X } from 'lucide-react'
import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react'
import { trpc, useAction, useMissing } from '#api'
import { ActionButton, ActionMenu, useLive, useOpen, useSearch, useSetSearch } from '#app'
import {
  Button,
  buttonClass,
  copyIdKey,
  durationText,
  ErrorNote,
  Json,
  Loaded,
  Note,
  Page,
  Skeleton,
  StateBadge,
  Tabs,
  Time,
  useKeys,
  visible,
} from '#ui'
import { NodeDetail } from './node-detail.tsx'
import { StepList } from './step-list.tsx'
import styles from './run.module.css'
import { texts } from './texts.ts'
import { Timeline } from './timeline.tsx'
import { firstFailure, type Trace, type TraceNode } from './tree.ts'

const RunGraph = lazy(() => import('./run-graph.tsx').then((loaded) => ({ default: loaded.RunGraph })))

const kinds = ['run', 'call', 'event', 'delivery', 'approval'] as const
const retryable = new Set(['failed', 'cancelled', 'quarantined'])

/** One run, or whatever else has an id, as the trace that it belongs to. */
export function Run({ id, onClose }: { readonly id: string; onClose(): void }) {
  const options = trpc.traces.get.queryOptions({ id })
  const query = useQuery({
    ...options,
    staleTime: ({ state }) => (state.data?.nodes.every(({ finished_at: at }) => at !== null) ? Number.POSITIVE_INFINITY : 2000),
  })
  // Whatever comes new is below a node of the trace, and the hint of that node comes too.
  useLive(kinds, options.queryKey, { ids: useMemo(() => query.data?.nodes.map((node) => node.id), [query.data]) })
  const trace = query.data
  const run = trace && runOf(trace, id)
  const runId = run?.id ?? id
  useKeys(useMemo(() => [{ key: 'Escape', label: 'All runs', run: onClose }, copyIdKey(runId)], [runId, onClose]))
  return (
    <Page
      title={run ? visible(run.title) : 'Run'}
      about={run ? <About run={run} /> : undefined}
      actions={run ? <Actions run={run} onClose={onClose} /> : <Back onClose={onClose} />}
      isFull
    >
      <Loaded query={query} rows={12}>
        {(data) => <Content id={id} trace={data} />}
      </Loaded>
    </Page>
  )
}

/** The run that the page is about: the one that was asked for, or the nearest above or below what was asked for. */
function runOf({ nodes, selected }: Trace, id: string): TraceNode | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  let node = byId.get(id) ?? byId.get(selected)
  while (node && node.kind !== 'run') node = node.parent === null ? undefined : byId.get(node.parent)
  return node ?? nodes.find(({ kind }) => kind === 'run') ?? byId.get(selected)
}

function About({ run }: { readonly run: TraceNode }) {
  const { status, detail, started_at: start, finished_at: end } = run
  return (
    <>
      <StateBadge state={status} /> {detail} · {start === null ? 'not started' : <Time at={start} />}
      {start !== null && end !== null ? ` · took ${durationText(Date.parse(end) - Date.parse(start))}` : ''}
    </>
  )
}

function Back({ onClose }: { onClose(): void }) {
  return <Button onClick={onClose}>{texts.back}</Button>
}

function Actions({ run, onClose }: { readonly run: TraceNode; onClose(): void }) {
  const { open } = useOpen('runs')
  const retry = useAction(trpc.runs.retry, { done: texts.retried })
  const cancel = useAction(trpc.runs.cancel, { done: texts.cancelled })
  const replay = useAction(trpc.runs.replay, { done: texts.replayed, onDone: ({ run_id: next }) => open(next) })
  const missing = useMissing('runs.replay')
  const blocked = missing === undefined ? undefined : `You lack the scope ${missing}`
  // A dry run of a flow that is not saved has nothing to be repeated from, and nowhere to be shown.
  const isUnsaved = run.version === 0
  if (run.kind !== 'run') return <Back onClose={onClose} />
  return (
    <>
      <Back onClose={onClose} />
      {retryable.has(run.status) && !isUnsaved ? (
        <ActionButton
          action={{
            label: 'Retry from failure',
            operation: 'runs.retry',
            kind: 'main',
            icon: <RotateCcw aria-hidden />,
            isBusy: retry.isPending,
            run: () => retry.mutate({ id: run.id }),
          }}
        />
      ) : null}
      {run.finished_at === null ? (
        <ActionButton
          action={{
            label: 'Cancel',
            operation: 'runs.cancel',
            icon: <X aria-hidden />,
            isBusy: cancel.isPending,
            run: () => cancel.mutate({ id: run.id }),
          }}
        />
      ) : null}
      {isUnsaved ? null : (
        <>
          <ActionMenu
            label="Replay"
            items={[
              { label: 'With the same version', blocked, onSelect: () => replay.mutate({ id: run.id, version: 'same' }) },
              { label: 'With the latest version', blocked, onSelect: () => replay.mutate({ id: run.id, version: 'latest' }) },
              { label: 'Dry run, with the outputs of then', blocked, onSelect: () => replay.mutate({ id: run.id, dry_run: true }) },
            ]}
          />
          <Link to="/flows/$id" params={{ id: run.title }} search={{ run: run.id }} className={buttonClass()}>
            Show in the flow
          </Link>
        </>
      )}
    </>
  )
}

function Content({ id, trace }: { readonly id: string; readonly trace: Trace }) {
  const { step, tab = 'timeline' } = useSearch()
  const setSearch = useSetSearch()
  // A failed run opens at its first failure, and stays where it was when more comes.
  const [first] = useState(() => firstFailure(trace))
  const selected = step ?? first
  const node = trace.nodes.find((one) => one.id === selected)
  const run = runOf(trace, id)
  const rest = Object.entries(trace.left_out).map(([kind, count]) => `${count} of kind ${kind}`)
  const beside = (picture: ReactNode): ReactNode => (
    <div className={styles.body}>
      {picture}
      <section className={styles.detail} aria-label="What is selected">
        {node ? <NodeDetail key={`${node.id} ${node.status}`} node={node} /> : <p>{texts.pick}</p>}
      </section>
    </div>
  )
  const graph = (of: TraceNode): ReactNode => (
    <div className={styles.graph}>
      <Suspense fallback={<Skeleton rows={8} />}>
        <RunGraph key={of.id} run={of.id} nodes={trace.nodes} selected={selected} />
      </Suspense>
    </div>
  )
  return (
    <>
      {run?.error ? (
        <ErrorNote error={{ code: run.error.code, detail: visible(run.error.message), hint: run.error.hint ?? undefined }} />
      ) : null}
      {trace.missing_scopes.length > 0 ? <Note>{texts.notSeen(trace.missing_scopes.join(', '))}</Note> : null}
      {rest.length > 0 ? <Note tone="waiting">{texts.leftOut(rest.join(', '))}</Note> : null}
      {trace.more.length > 0 ? <Note tone="waiting">{texts.more(trace.more.join(', '))}</Note> : null}
      <Tabs
        label="Views"
        isFull
        open={tab}
        onOpen={(next) => setSearch({ tab: next })}
        tabs={[
          {
            id: 'timeline',
            label: 'Timeline',
            content: beside(<Timeline nodes={trace.nodes} selected={selected} onSelect={(next) => setSearch({ step: next })} />),
          },
          ...(run?.kind === 'run' ? [{ id: 'graph', label: 'Graph', content: tab === 'graph' ? beside(graph(run)) : null }] : []),
          { id: 'list', label: 'List', content: <StepList nodes={trace.nodes} /> },
          { id: 'json', label: 'JSON', content: <Json value={trace} label="Trace" fileName={id} /> },
        ]}
      />
    </>
  )
}
