import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { allItems, client, trpc } from '#api'
import type { Schema } from '#forms'
import type { FormatSchema, Knowledge } from './completion.ts'

const staleTime = 5 * 60_000
const pageSize = 100

/** What the editor proposes. It works without any of it, for somebody who may read only a part. */
export function useKnowledge(): Knowledge {
  const tools = useQuery({ queryKey: ['flow-editor', 'tools'], queryFn: allTools, staleTime, retry: false })
  const flows = useQuery({ ...trpc.flows.list.queryOptions({}), staleTime, retry: false })
  const integrations = useQuery({ ...trpc.integrations.list.queryOptions({}), staleTime, retry: false })
  const connectors = useQuery({ ...trpc.connectors.list.queryOptions({}), staleTime, retry: false })
  const format = useQuery({ queryKey: ['flow-editor', 'format'], queryFn: readFormat, staleTime: Number.POSITIVE_INFINITY, retry: false })
  return useMemo(
    () => ({
      tools: tools.data ?? [],
      flows: (flows.data?.items ?? []).map(({ id, name, parameters }) => ({ id, name, parameters: parameters as Schema | null })),
      integrations: (integrations.data?.items ?? []).flatMap(({ name }) => name ?? []),
      eventTypes: (connectors.data?.items ?? []).flatMap(({ name, events }) => events.map((type) => `${name}.${type}`)),
      format: format.data,
    }),
    [tools.data, flows.data, integrations.data, connectors.data, format.data],
  )
}

async function allTools(): Promise<Knowledge['tools']> {
  const tools = await allItems((cursor) => client.tools.list.query({ limit: pageSize, cursor }))
  return tools.flatMap((tool) => {
    if (!('input_schema' in tool) || !('title' in tool)) return []
    const { name, title, description, input_schema: input } = tool as Listed
    return [{ name, title, description, input }]
  })
}

interface Listed {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input_schema: Schema
}

async function readFormat(): Promise<FormatSchema> {
  const response = await fetch('/schemas/flow.json')
  if (!response.ok) throw new Error(`the schema of flows could not be read: ${response.status}`)
  return (await response.json()) as FormatSchema
}
