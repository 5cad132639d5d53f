import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client, trpc } from '#api'
import { ThingLink, useLive, useSearch, useSetSearch } from '#app'
import { Button, ErrorNote, Facts, Json, listIn, Note, ObjectTable, RequestView, StateBadge, Tabs, visible } from '#ui'
import { texts } from './texts.ts'
import type { Outcome, ToolDetails } from './tool.ts'
import styles from './tools.module.css'

interface Preview {
  readonly policy: { readonly decision: 'allow' | 'ask' | 'deny'; readonly reason: string | null }
  readonly request: unknown
  readonly integration: string | null
}

const tones = { allow: 'ok', ask: 'asks', deny: 'failed' } as const

/** What a call would send, and whether the policy lets it through. */
export function PreviewOutcome({ output }: { readonly output: unknown }) {
  const { policy, request } = output as Preview
  return (
    <section className={styles.part} aria-label="Preview">
      <Note tone={tones[policy.decision]}>
        {texts[policy.decision]} {policy.reason === null ? '' : visible(policy.reason)}
      </Note>
      <h3>{texts.wouldSend}</h3>
      {request === null ? <p>{texts.sendsNothing}</p> : <RequestView request={request} />}
    </section>
  )
}

/** What a call answered, as a tree, as a table where it is a list of objects, and as text. */
export function CallOutcome({ outcome, tool }: { readonly outcome: Outcome; readonly tool: ToolDetails }) {
  const { view = 'tree' } = useSearch()
  const setSearch = useSetSearch()
  const { output, truncated, warning, sanitized, labels, replayed, invocation_id: id } = outcome
  const items = listIn(output)
  return (
    <section className={styles.part} aria-label="Result">
      <div className={styles.bar}>
        <StateBadge state={outcome.status} />
        {id === null ? null : <ThingLink id={id}>{texts.openCall}</ThingLink>}
      </div>
      {replayed ? <Note>{texts.replayed}</Note> : null}
      {warning === undefined ? null : <Note tone="waiting">{visible(warning)}</Note>}
      {sanitized === undefined ? null : <Note tone="waiting">{texts.removed(sanitized.removed)}</Note>}
      <Facts
        of={[
          ['Written by', labels && (labels.author === 'trusted' ? 'people of your systems' : 'possibly anybody')],
          ['Can be read by', labels && (labels.place === 'public' ? 'anybody' : 'members of the system')],
        ]}
      />
      <Tabs
        label="Result as"
        open={view}
        onOpen={(next) => setSearch({ view: next })}
        tabs={[
          { id: 'tree', label: 'Tree', content: <Json value={output} label="Result" fileName={tool.name} /> },
          ...(items ? [{ id: 'table', label: 'Table', content: <ObjectTable items={items} label="Result as a table" /> }] : []),
          { id: 'raw', label: 'Raw', content: <Json value={rawText(output)} label="Result as text" /> },
        ]}
      />
      {truncated ? (
        <Note tone="waiting">
          {texts.truncated}
          {truncated.parts.map((part) => (
            <Rest key={part.path} handle={truncated.handle} {...part} />
          ))}
        </Note>
      ) : null}
    </section>
  )
}

const rawText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? ''))

interface RestProps {
  readonly handle: string
  readonly path: string
  readonly shown: number
  readonly total: number
  readonly unit: string
}

/** What was left out of one part of a result, piece by piece. */
function Rest({ handle, path, shown, total, unit }: RestProps) {
  const [isOpen, setOpen] = useState(false)
  const rest = useInfiniteQuery({
    queryKey: ['rest', handle, path],
    enabled: isOpen,
    initialPageParam: shown,
    queryFn: ({ pageParam }) => client.invocations.read_result.query({ id: handle, path, offset: pageParam }),
    getNextPageParam: ({ next_offset: next }) => next ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const pages = rest.data?.pages ?? []
  return (
    <div className={styles.part}>
      <p>{`${visible(path) || 'The whole'}: ${shown} of ${total} ${unit} are shown.`}</p>
      {pages.map(({ part, next_offset: next }, index) => (
        <Json key={next ?? index} value={part} label={`Rest of ${path || 'the result'}, part ${index + 1}`} />
      ))}
      {rest.error ? <ErrorNote error={rest.error} onRetry={() => void rest.refetch()} /> : null}
      {isOpen && !rest.hasNextPage ? null : (
        <div>
          <Button isBusy={rest.isFetching} onClick={() => (isOpen ? void rest.fetchNextPage() : setOpen(true))}>
            {texts.readRest(visible(path))}
          </Button>
        </div>
      )}
    </div>
  )
}

const approvalKinds = ['approval'] as const

/** A call that waits for a person: where the person decides, and the way on when they did. */
export function WaitsForApproval({ id, onCallAgain }: { readonly id: string; onCallAgain(): void }) {
  const options = trpc.approvals.get.queryOptions({ id })
  const { data } = useQuery(options)
  useLive(approvalKinds, options.queryKey, { ids: [id] })
  const status = data?.status ?? 'pending'
  const isApproved = status === 'approved'
  const isOpen = status === 'pending'
  return (
    <Note tone={isOpen ? 'asks' : isApproved ? 'ok' : 'failed'}>
      <p role="status">{isOpen ? texts.waitsForApproval : isApproved ? texts.approved : texts.rejected}</p>
      <p>
        <ThingLink id={id}>{texts.openApproval}</ThingLink>{' '}
        <Button kind={isApproved ? 'main' : 'plain'} onClick={onCallAgain}>
          {texts.callAgain}
        </Button>
      </p>
    </Note>
  )
}
