import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ban, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction, useMe } from '#api'
import { ActionButton, Actor, ThingLink, useLive, useSearch, useSetSearch } from '#app'
import {
  Button,
  Detail,
  durationText,
  EffectBadge,
  Empty,
  Facts,
  Id,
  Json,
  listIn,
  Loaded,
  Note,
  ObjectTable,
  StateBadge,
  Tabs,
  Time,
  visible,
} from '#ui'
import type { Call, VendorRequest } from './call.ts'
import styles from './calls.module.css'
import { texts } from './texts.ts'
import { UndoDialog } from './undo-dialog.tsx'

const kinds = ['call'] as const

export function CallDetail({ id, onClose }: { readonly id: string; onClose(): void }) {
  const options = trpc.invocations.get.queryOptions({ id })
  const query = useQuery(options)
  useLive(kinds, options.queryKey, { ids: [id] })
  const me = useMe()
  const [isUndoing, setUndoing] = useState(false)
  const cancel = useAction(trpc.invocations.cancel, { done: texts.cancelled })
  const call = query.data
  const isOpen = call?.status === 'running' || call?.status === 'queued'
  const isOwn = call?.actor === `${me.kind}:${me.id}`
  return (
    <Detail
      id={id}
      title={visible(call?.tool ?? 'Call')}
      badge={
        call ? (
          <>
            <StateBadge state={call.status} />
            <EffectBadge effect={call.effect} />
          </>
        ) : null
      }
      onClose={onClose}
      actions={
        call === undefined ? null : (
          <>
            {isOpen && isOwn ? (
              <Button icon={<Ban aria-hidden />} isBusy={cancel.isPending} onClick={() => cancel.mutate({ id })}>
                {texts.cancel}
              </Button>
            ) : null}
            {isOpen && !isOwn ? (
              <ActionButton
                action={{
                  label: texts.cancel,
                  operation: 'invocations.cancel',
                  icon: <Ban aria-hidden />,
                  isBusy: cancel.isPending,
                  run: () => cancel.mutate({ id }),
                }}
              />
            ) : null}
            {call.status === 'completed' && call.effect !== 'read' && call.undone_by === null ? (
              <ActionButton
                action={{ label: texts.undo, operation: 'invocations.undo', icon: <Undo2 aria-hidden />, run: () => setUndoing(true) }}
              />
            ) : null}
          </>
        )
      }
    >
      <Loaded query={query}>{(loaded) => <Content call={loaded} />}</Loaded>
      {isUndoing ? <UndoDialog id={id} onClose={() => setUndoing(false)} /> : null}
    </Detail>
  )
}

function Content({ call }: { readonly call: Call }) {
  const { tab = 'output' } = useSearch()
  const setSearch = useSetSearch()
  const { error, started_at: from, finished_at: to } = call
  const items = listIn(call.output)
  return (
    <>
      {error === null ? null : <CallError error={error} />}
      {call.status === 'outcome_unknown' ? <Note tone="waiting">{texts.unknown}</Note> : null}
      <Facts
        of={[
          ['Id', <Id key="id">{call.id}</Id>],
          [
            'Tool',
            <Link key="tool" to={`/tools/${encodeURIComponent(call.tool)}` as never}>
              {visible(call.tool)}
            </Link>,
          ],
          ['Integration', call.integration === null ? undefined : visible(call.integration)],
          ['Began', <Time key="from" at={from} />],
          ['Took', to === null ? undefined : durationText(Date.parse(to) - Date.parse(from))],
          ['Attempts', call.attempts > 1 ? call.attempts : undefined],
          ['Made by', <Actor key="actor" actor={call.actor} name={call.actor_name} />],
          ['App', call.app === null ? undefined : visible(call.app)],
          ['Came by', call.transport],
          ['Run', call.run_id === null ? undefined : <ThingLink key="run" id={call.run_id} />],
          ['Step', call.step === null ? undefined : <StepLink key="step" run={call.run_id} step={call.step} />],
          ['Approval', call.approval_id === null ? undefined : <ThingLink key="approval" id={call.approval_id} />],
          ['Undoes', call.undoes === null ? undefined : <ThingLink key="undoes" id={call.undoes} />],
          ['Undone by', call.undone_by === null ? undefined : <ThingLink key="undone" id={call.undone_by} />],
          ['Idempotency key', call.idempotency_key === null ? undefined : <Id key="key">{call.idempotency_key}</Id>],
          ['Removed', call.sanitized === null ? undefined : `${call.sanitized.removed}: ${visible(call.sanitized.kinds.join(', '))}`],
          [
            'Output',
            call.labels &&
              `${call.labels.author === 'trusted' ? 'by people of your systems' : 'possibly by anybody'}, ${call.labels.place === 'public' ? 'public' : 'private'}`,
          ],
        ]}
      />
      <Tabs
        label="Content"
        open={tab}
        onOpen={(next) => setSearch({ tab: next })}
        tabs={[
          { id: 'output', label: 'Result', content: <Json value={call.output} label="Result" fileName={call.id} /> },
          ...(items ? [{ id: 'table', label: 'Table', content: <ObjectTable items={items} label="Result as a table" /> }] : []),
          { id: 'input', label: 'Arguments', content: <Json value={call.input} label="Arguments" fileName={call.id} /> },
          { id: 'requests', label: `Requests ${call.requests.length}`, content: <Requests call={call} /> },
        ]}
      />
    </>
  )
}

function StepLink({ run, step }: { readonly run: string | null; readonly step: string }) {
  if (run === null) return <code>{visible(step)}</code>
  return (
    <Link to={`/runs/${run}` as never} search={{ step } as never}>
      {visible(step)}
    </Link>
  )
}

/** How the call failed, in the words of the outside system and with what to do. */
function CallError({ error }: { readonly error: Readonly<Record<string, unknown>> }) {
  const text = (name: string): string | undefined => (typeof error[name] === 'string' ? visible(error[name]) : undefined)
  return (
    <Note tone="failed">
      <p>
        <strong>{text('detail') ?? text('message') ?? text('code')}</strong>
      </p>
      {text('hint') === undefined ? null : <p>{text('hint')}</p>}
      <p>
        <code>{text('code')}</code>
      </p>
    </Note>
  )
}

/** What was sent to the outside system for the call, oldest first. */
function Requests({ call: { requests, requests_left_out: leftOut } }: { readonly call: Call }) {
  if (requests.length === 0) return <Empty title={texts.noRequests} />
  return (
    <>
      <ol className={styles.requests}>
        {requests.map((request, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- requests have no ids, and do not move.
          <li key={index}>
            <RequestLine request={request} />
          </li>
        ))}
      </ol>
      {leftOut > 0 ? <p>{texts.leftOut(leftOut)}</p> : null}
    </>
  )
}

function RequestLine({ request }: { readonly request: VendorRequest }) {
  const { method, host, path, query, status, ms, attempt, purpose, vendor_id: vendorId, error, bytes_received: received } = request
  const isBad = status === null || status >= 400
  const names = query.length === 0 ? '' : `?${query.map((name) => `${name}=…`).join('&')}`
  const more = [
    durationText(ms),
    received === null ? '' : `${received} bytes`,
    attempt > 1 ? `attempt ${attempt}` : '',
    texts.purposes[purpose],
    error ?? '',
    vendorId === null ? '' : `id ${visible(vendorId)}`,
  ]
  return (
    <>
      <p className={styles.line}>
        <StateBadge state={isBad ? 'failed' : 'completed'}>{status ?? texts.noAnswer}</StateBadge>
        <code>{visible(`${method} ${host ?? ''}${path ?? ''}${names}`)}</code>
      </p>
      <p className={styles.more}>{more.filter(Boolean).join(' · ')}</p>
    </>
  )
}
