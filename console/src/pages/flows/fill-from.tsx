import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client, trpc } from '#api'
import type { Values } from '#forms'
import { ErrorNote, relativeTime, SelectField, useNow, visible } from '#ui'
import { valuesFromEvent } from './event-values.ts'

interface FillFromProps {
  /** Of the saved flow, whose last run may be taken. */
  readonly flowId: string | undefined
  /** What starts the flow. */
  readonly starts: readonly Readonly<Record<string, unknown>>[]
  onFill(values: Values, left?: readonly string[]): void
}

const fewEvents = 10

/** Where the values may come from: the last run, or events of the types that start the flow. */
export function FillFrom({ flowId, starts, onFill }: FillFromProps) {
  const runs = useQuery({ ...trpc.runs.list.queryOptions({ flow: flowId, limit: 1 }), enabled: flowId !== undefined })
  const trigger = starts.find(({ event }) => typeof event === 'string')
  const type = trigger?.['event'] as string | undefined
  const events = useQuery({ ...trpc.events.list.queryOptions({ type, limit: fewEvents }), enabled: type !== undefined, retry: false })
  const now = useNow()
  const last = runs.data?.items[0]
  const options = [
    { value: '', label: 'nothing' },
    ...(last ? [{ value: last.id, label: `the last run, ${relativeTime(Date.parse(last.created_at), now)}` }] : []),
    ...(events.data?.items ?? []).map((event) => ({
      value: event.id,
      label: `${visible(event.type)} ${visible(event.subject ?? '')}, ${relativeTime(Date.parse(event.received_at), now)}`,
    })),
  ]
  const [chosen, setChosen] = useState('')
  const [error, setError] = useState<unknown>()
  if (options.length === 1) return null
  const choose = async (id: string): Promise<void> => {
    setChosen(id)
    if (id === '') return onFill({})
    if (id === last?.id) return onFill((await client.runs.get.query({ id })).parameters)
    const { values, left } = valuesFromEvent((trigger?.['parameters'] ?? {}) as Values, await client.events.get.query({ id }))
    return onFill(values, left)
  }
  return (
    <>
      <SelectField label="Fill from" value={chosen} options={options} onValue={(id) => void choose(id).catch(setError)} />
      {error === undefined ? null : <ErrorNote error={error} />}
    </>
  )
}
