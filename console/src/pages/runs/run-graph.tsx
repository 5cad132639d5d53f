import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { trpc } from '#api'
import { useSetSearch } from '#app'
import { Loaded, Note } from '#ui'
import { Graph } from '../../graph/graph.tsx'
import { outlineOf, type Step } from '../../graph/outline.ts'
import { statesOf } from '../../graph/states.ts'
import { texts } from './texts.ts'
import type { TraceNode } from './tree.ts'

interface RunGraphProps {
  readonly run: string
  readonly nodes: readonly TraceNode[]
  readonly selected: string
}

/** The definition that the run carries out, coloured by how its steps went. */
export function RunGraph({ run, ...rest }: RunGraphProps) {
  // What a run carries out never changes.
  const query = useQuery({ ...trpc.runs.definition.queryOptions({ id: run }), staleTime: Number.POSITIVE_INFINITY })
  return (
    <Loaded query={query} rows={8}>
      {({ definition }) => <Steps run={run} definition={definition} {...rest} />}
    </Loaded>
  )
}

function Steps({ run, nodes, selected, definition }: RunGraphProps & { readonly definition: object }) {
  const setSearch = useSetSearch()
  // JSON is YAML too.
  const outline = useMemo(() => outlineOf(JSON.stringify(definition)), [definition])
  const steps = useMemo(() => nodes.filter(({ id, kind }) => kind === 'step' && id.startsWith(`${run}/`)), [nodes, run])
  const states = useMemo(() => statesOf(steps.map(({ title, status }) => ({ step: title, status }))), [steps])
  const step = steps.find(({ id }) => id === selected)?.title
  const select = useCallback(
    ({ id }: Step) => {
      const shown = steps.find(({ title, status }) => title === id && status === states.get(id))
      if (shown) setSearch({ step: shown.id })
    },
    [steps, states, setSearch],
  )
  if (outline === undefined) return null
  return (
    <>
      {step === undefined ? <Note>{texts.pickStep}</Note> : null}
      <Graph outline={outline} selected={step} states={states} onSelect={select} />
    </>
  )
}
