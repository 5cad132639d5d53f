import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { client, problemOf, trpc, useMissing } from '#api'
import { useDraft } from '#app'
import { notify } from '#ui'
import type { WholeFlow } from './flow-state.ts'
import type { Problem } from './problems.ts'
import { texts } from './texts.ts'

interface Saved {
  readonly source: string
  /** 0 for a flow that is not saved yet. */
  readonly version: number
}

/** What somebody else saved while the text was edited; without a flow, they deleted it. */
export interface Conflict {
  readonly conflict: WholeFlow | undefined
}

/** A text that is edited: it is a draft in this browser until it is saved. */
export interface Edit {
  readonly text: string
  readonly saved: Saved
  /** The version that the text is based on. */
  readonly base: number
  readonly isChanged: boolean
  set(text: string): void
  drop(): void
  readonly problems: readonly Problem[]
  readonly isChecking: boolean
  readonly checkError: unknown
  checkNow(): void
  /** `over` is the version to replace where that is not the one that was edited. */
  save(over?: number): void
  readonly isSaving: boolean
  readonly conflict: Conflict | undefined
  closeConflict(): void
}

interface EditOptions {
  /** Under which name the draft is kept. */
  readonly name: string
  /** The flow whose next version it becomes; a new flow without. */
  readonly id?: string
  readonly saved: Saved
  onSaved?(flow: WholeFlow): void
}

const checkAfterMs = 400
const none: readonly Problem[] = []

export function useEdit({ name, id, saved, onSaved }: EditOptions): Edit {
  const cache = useQueryClient()
  const [stored, store, drop] = useDraft(`flow.${name}`)
  const draft = useMemo(() => readDraft(stored), [stored])
  const text = draft?.source ?? saved.source
  const base = draft?.version ?? saved.version
  const latest = useRef(text)
  useEffect(() => void (latest.current = text))
  const [conflict, setConflict] = useState<Conflict>()

  const keep = useCallback((source: string, version: number) => store(JSON.stringify({ source, version })), [store])
  const set = useCallback(
    (next: string) => {
      if (next === saved.source && base === saved.version) drop()
      else keep(next, base)
    },
    [saved, base, drop, keep],
  )

  const missing = useMissing('flows.check')
  const [checked, setChecked] = useState(text)
  useEffect(() => {
    if (text === checked) return undefined
    const timer = setTimeout(() => setChecked(text), checkAfterMs)
    return () => clearTimeout(timer)
  }, [text, checked])
  const check = useQuery({
    ...trpc.flows.check.queryOptions({ source: checked }),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    enabled: missing === undefined,
  })

  const saving = useMutation({
    mutationFn: async ({ source, version }: Saved): Promise<Conflict | WholeFlow> => {
      try {
        if (id === undefined) return await client.flows.save.mutate({ source, based_on: version })
        return await client.flows.replace.mutate({ id, source, based_on: version })
      } catch (error) {
        if (problemOf(error).code !== 'flow_changed') throw error
        return { conflict: await newest(id ?? idIn(source)) }
      }
    },
    onSuccess: (answer, { source }) => {
      if ('conflict' in answer) return setConflict(answer)
      setConflict(undefined)
      cache.setQueryData(trpc.flows.get.queryOptions({ id: id ?? answer.id }).queryKey, answer)
      if (latest.current === source) drop()
      else keep(latest.current, answer.version)
      void cache.invalidateQueries(trpc.flows.pathFilter())
      notify({ kind: 'ok', text: texts.saved(answer.version, answer.enabled) })
      return onSaved?.(answer)
    },
    onError: (error) => {
      const { detail, hint, errors, requestId } = problemOf(error)
      const [first] = errors
      notify({ kind: 'failed', text: detail, more: first ? `${first.path} ${first.message}` : hint, requestId })
    },
  })

  const isStale = text !== checked || check.isPlaceholderData
  return {
    text,
    saved,
    base,
    isChanged: draft !== undefined,
    set,
    drop,
    problems: check.data?.problems ?? none,
    isChecking: missing === undefined && (isStale || check.isPending) && !check.error,
    checkError: check.error,
    checkNow: () => {
      setChecked(text)
      void check.refetch().then(({ data }) => {
        if (data?.ok) notify({ kind: 'ok', text: texts.noProblems })
        else if (data) notify({ kind: 'failed', text: problemCount(data.problems.length) })
      })
    },
    save: (over = base) => saving.mutate({ source: text, version: over }),
    isSaving: saving.isPending,
    conflict,
    closeConflict: () => setConflict(undefined),
  }
}

/** The flow as it is now; undefined when it was deleted. */
async function newest(id: string): Promise<WholeFlow | undefined> {
  try {
    return await client.flows.get.query({ id })
  } catch (error) {
    if (problemOf(error).code !== 'not_found') throw error
    return undefined
  }
}

function idIn(source: string): string {
  return /^id: *["']?([\w.-]+)/m.exec(source)?.[1] ?? ''
}

export function problemCount(count: number): string {
  return count === 1 ? '1 problem' : `${count} problems`
}

function readDraft(stored: string | undefined): Saved | undefined {
  if (stored === undefined) return undefined
  try {
    const value = JSON.parse(stored) as Partial<Saved> | null
    return typeof value?.source === 'string' && typeof value.version === 'number'
      ? { source: value.source, version: value.version }
      : undefined
  } catch {
    // Whatever else is stored under this name is no draft.
    return undefined
  }
}
