import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { trpc } from '#api'
import { ThingLink, useLive, useSearch, useSetSearch } from '#app'
import { Button, ErrorNote, Note, StateBadge, Time } from '#ui'
import { statesOf } from '../../graph/states.ts'
import type { StepStates } from '../../graph/types.ts'
import type { WholeFlow } from './flow-state.ts'
import styles from './flows.module.css'
import { texts } from './texts.ts'
import type { Edit } from './use-edit.ts'

/** The run that `?run=` names, and how its steps went where the text is what it ran. */
export interface ShownRun {
  readonly id: string | undefined
  readonly run: { readonly status: string; readonly version: number; readonly created_at: string; readonly dry_run: boolean } | undefined
  readonly error: unknown
  readonly states: StepStates
  /** What is edited, where that is not what ran. */
  readonly other: string | undefined
}

const kinds = ['run'] as const
const none: StepStates = new Map()

export function useRunStates(flow: WholeFlow | undefined, edit: Edit): ShownRun {
  const { run: id } = useSearch()
  const options = trpc.runs.get.queryOptions({ id: id ?? '' })
  const { data, error } = useQuery({ ...options, enabled: id !== undefined })
  useLive(kinds, options.queryKey, { ids: id === undefined ? [] : [id] })
  const isSame = flow !== undefined && data?.flow_id === flow.flow_id && data.version === flow.version && !edit.isChanged
  const states = useMemo(() => (data && isSame ? statesOf(data.steps) : none), [data, isSame])
  return {
    id,
    run: data,
    error: id === undefined ? undefined : error,
    states,
    other: data === undefined || isSame ? undefined : edit.isChanged ? 'a draft' : `v${flow?.version ?? 0}`,
  }
}

export function RunNote({ run: { id, run, error, other } }: { readonly run: ShownRun }) {
  const setSearch = useSetSearch()
  if (id === undefined) return null
  if (error) return <ErrorNote error={error} />
  if (run === undefined) return null
  return (
    <Note>
      <div className={styles.runNote}>
        <StateBadge state={run.status} />
        <span>
          {run.dry_run ? 'Dry run ' : 'Run '}
          <ThingLink id={id}>of v{run.version}</ThingLink>, <Time at={run.created_at} />
          {other === undefined ? '' : `. ${texts.anotherVersion(run.version, other)}`}
        </span>
        <Button kind="quiet" onClick={() => setSearch({ run: undefined })}>
          Hide
        </Button>
      </div>
    </Note>
  )
}
