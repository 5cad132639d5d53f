import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Power, RotateCw, Send } from 'lucide-react'
import { useMemo, useState } from 'react'
import { trpc, useAction, useMissing } from '#api'
import { ActionButton, ActionMenu, BulkAllButton, BulkBar, ThingLink, useBulk, useLive, type BulkAction } from '#app'
import { ButtonGroup, Detail, Facts, Id, Json, Loaded, Note, RowItem, RowList, sentence, StateBadge, Time, visible } from '#ui'
import { EndpointDialog, type Edit } from './endpoint-dialogs.tsx'
import styles from './endpoints.module.css'
import { shareText, stateOf, type Counts, type Endpoint } from './state.ts'
import { texts } from './texts.ts'

interface DetailProps {
  readonly id: string
  readonly counts: Counts | undefined
  onClose(): void
}

const kinds = ['endpoint'] as const

/** One endpoint: how it stands, what it gets, and its last deliveries. */
export function EndpointDetail({ id, counts, onClose }: DetailProps) {
  const query = useQuery(trpc.endpoints.get.queryOptions({ id }))
  useLive(kinds, trpc.endpoints.get.queryKey({ id }), { ids: [id] })
  const state = query.data && stateOf(query.data)
  return (
    <Detail
      id={id}
      title={visible(query.data?.url ?? 'Endpoint')}
      badge={
        state ? (
          <StateBadge state={state.state} tone={state.tone}>
            {state.word}
          </StateBadge>
        ) : null
      }
      onClose={onClose}
    >
      <Loaded query={query}>{(endpoint) => <Content endpoint={endpoint} counts={counts} onClose={onClose} />}</Loaded>
    </Detail>
  )
}

export const retryMany: BulkAction = {
  action: 'deliveries.retry',
  operation: 'deliveries.retry',
  label: texts.retry,
  icon: <RotateCw aria-hidden />,
  about: texts.retryAbout,
}

function Content({ endpoint, counts, onClose }: { readonly endpoint: Endpoint } & Pick<DetailProps, 'counts' | 'onClose'>) {
  const { id, enabled } = endpoint
  const [edit, setEdit] = useState<Edit>()
  const missing = useMissing('endpoints.update')
  const blocked = missing === undefined ? undefined : `You lack the scope ${missing}`
  const change = useAction(trpc.endpoints.update, { done: ({ enabled: isOn }) => (isOn ? texts.enabled : texts.disabled) })
  const test = useAction(trpc.endpoints.test)
  const filter = useMemo(() => ({ endpoint: id, status: 'dead' }), [id])
  const bulk = useBulk({ rows: nothing, idOf: String, filter })
  const { trouble } = stateOf(endpoint)
  return (
    <>
      <ButtonGroup>
        <ActionButton
          action={{
            label: texts.test,
            operation: 'endpoints.test',
            icon: <Send aria-hidden />,
            isBusy: test.isPending,
            run: () => test.mutate({ id }),
          }}
        />
        <ActionButton
          action={{
            label: enabled ? texts.disable : texts.enable,
            operation: 'endpoints.update',
            icon: <Power aria-hidden />,
            isBusy: change.isPending,
            run: () => change.mutate({ id, enabled: !enabled }),
          }}
        />
        {(counts?.dead ?? 0) > 0 ? <BulkAllButton bulk={bulk} action={retryMany} label={texts.retryDead(counts!.dead)} /> : null}
        <ActionMenu
          label={texts.more}
          items={[
            { label: texts.edit, blocked, onSelect: () => setEdit('change') },
            { label: texts.rotate, blocked, onSelect: () => setEdit('rotate') },
            { label: texts.replay, blocked, onSelect: () => setEdit('replay') },
            { label: texts.remove, blocked, onSelect: () => setEdit('remove') },
          ]}
        />
      </ButtonGroup>
      <BulkBar bulk={bulk} actions={[retryMany]} things={texts.things} />
      {trouble === undefined ? null : <Note tone="failed">{visible(trouble)}</Note>}
      <TestResult {...test} />
      <Facts
        of={[
          ['Id', <Id key="id">{id}</Id>],
          ['Description', endpoint.description === null ? undefined : visible(endpoint.description)],
          ['Types', endpoint.types.map(visible).join(', ')],
          [
            'Filter',
            endpoint.filter === null ? undefined : (
              <code key="filter" className={styles.code}>
                {visible(endpoint.filter)}
              </code>
            ),
          ],
          [
            'Sends',
            endpoint.transform === null ? (
              'the CloudEvent'
            ) : (
              <code key="sends" className={styles.code}>
                {visible(endpoint.transform)}
              </code>
            ),
          ],
          ['Order', endpoint.ordered ? texts.ordered : undefined],
          ['Signature', texts.signatures[endpoint.signature]],
          ['Public key', endpoint.public_key === null ? undefined : <Id key="key">{endpoint.public_key}</Id>],
          ['Failing since', endpoint.failing_since === null ? undefined : <Time key="since" at={endpoint.failing_since} />],
          ['Disabled', endpoint.disabled_at === null ? undefined : <Time key="off" at={endpoint.disabled_at} />],
          ['Added', <Time key="at" at={endpoint.created_at} />],
        ]}
      />
      <section className={styles.stack}>
        <h3>{texts.lately}</h3>
        <Facts
          of={[
            ['Accepted', shareText(counts)],
            ['Waiting', counts?.pending ?? 0],
            ['Dead', counts?.dead ?? 0],
          ]}
        />
      </section>
      <Last id={id} />
      {edit === undefined ? null : (
        <EndpointDialog edit={edit} endpoint={endpoint} onClose={() => setEdit(undefined)} onRemoved={onClose} />
      )}
    </>
  )
}

const nothing: readonly string[] = []
const deliveryKinds = ['delivery'] as const

function Last({ id }: { readonly id: string }) {
  const input = { endpoint: id, limit: 10 }
  const query = useQuery(trpc.deliveries.list.queryOptions(input))
  useLive(deliveryKinds, trpc.deliveries.list.queryKey(input))
  return (
    <section className={styles.stack}>
      <h3>{texts.lastDeliveries}</h3>
      <Loaded query={query} rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <p className={styles.muted}>{texts.noDeliveries}</p>
          ) : (
            <>
              <RowList>
                {items.map((one) => (
                  <RowItem
                    key={one.id}
                    main={
                      <>
                        <ThingLink id={one.id}>{visible(one.event_type)}</ThingLink>{' '}
                        <span className={styles.muted}>{visible(one.last_error ?? '')}</span>
                      </>
                    }
                  >
                    <StateBadge state={one.status} />
                    <Time at={one.created_at} />
                  </RowItem>
                ))}
              </RowList>
              <p>
                <Link to="/endpoints/deliveries" search={{ endpoint: id }}>
                  {texts.showAll}
                </Link>
              </p>
            </>
          )
        }
      </Loaded>
    </section>
  )
}

interface TestProps {
  readonly data:
    | {
        readonly ok: boolean
        readonly status: number | null
        readonly ms: number
        readonly error: string | null
        readonly response: unknown
      }
    | undefined
  readonly isPending: boolean
}

function TestResult({ data, isPending }: TestProps) {
  if (isPending) return <Note tone="running">{texts.testing}</Note>
  if (data === undefined) return null
  if (data.ok) return <Note tone="ok">{texts.testOk(data.status, data.ms)}</Note>
  return (
    <>
      <Note tone="failed">
        <p>{texts.testBad}</p>
        <p>{sentence(data.error ?? texts.testOk(data.status, data.ms))}</p>
      </Note>
      {data.response === null ? null : <Json value={data.response} label="Response" />}
    </>
  )
}
