import { useQuery } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { trpc, useAction, type Outputs } from '#api'
import { ActionButton, ThingLink, useLive, useSearch, useSetSearch } from '#app'
import { Detail, durationText, Facts, Id, Json, Loaded, Note, sentence, StateBadge, Tabs, Time, visible } from '#ui'
import styles from './endpoints.module.css'
import { deliveryTexts as texts, texts as endpointTexts } from './texts.ts'

type Delivery = Outputs['deliveries']['get']
type Attempt = Delivery['log'][number]

interface DetailProps {
  readonly id: string
  readonly url: ReadonlyMap<string, string>
  onClose(): void
}

const kinds = ['delivery'] as const

/** One event on its way to one endpoint: each attempt with what was sent and what came back. */
export function DeliveryDetail({ id, url, onClose }: DetailProps) {
  const query = useQuery(trpc.deliveries.get.queryOptions({ id }))
  useLive(kinds, trpc.deliveries.get.queryKey({ id }), { ids: [id] })
  const retry = useAction(trpc.deliveries.retry, { done: texts.retried })
  return (
    <Detail
      id={id}
      title={visible(query.data?.event_type ?? 'Delivery')}
      badge={query.data ? <StateBadge state={query.data.status} /> : null}
      onClose={onClose}
      actions={
        <ActionButton
          action={{
            label: endpointTexts.retry,
            operation: 'deliveries.retry',
            icon: <RotateCw aria-hidden />,
            isBusy: retry.isPending,
            run: () => retry.mutate({ id }),
          }}
        />
      }
    >
      <Loaded query={query}>{(delivery) => <Content delivery={delivery} url={url.get(delivery.endpoint)} />}</Loaded>
    </Detail>
  )
}

function Content({ delivery, url }: { readonly delivery: Delivery; readonly url: string | undefined }) {
  const { tab = 'attempts' } = useSearch()
  const setSearch = useSetSearch()
  return (
    <>
      {delivery.last_error === null || delivery.status === 'delivered' ? null : <Note tone="failed">{sentence(delivery.last_error)}</Note>}
      <Facts
        of={[
          ['Id', <Id key="id">{delivery.id}</Id>],
          [
            'Endpoint',
            <ThingLink key="end" id={delivery.endpoint}>
              {visible(url ?? delivery.endpoint)}
            </ThingLink>,
          ],
          ['Event', <ThingLink key="event" id={delivery.event} />],
          ['Id for the receiver', <Id key="webhook">{delivery.webhook_id}</Id>],
          ['Attempts', delivery.attempts],
          ['Next attempt', delivery.next_at === null ? undefined : <Time key="next" at={delivery.next_at} />],
          ['Created', <Time key="at" at={delivery.created_at} />],
          ['Ended', delivery.finished_at === null ? undefined : <Time key="end-at" at={delivery.finished_at} />],
        ]}
      />
      <Tabs
        label="Content"
        open={tab}
        onOpen={(next) => setSearch({ tab: next })}
        tabs={[
          { id: 'attempts', label: texts.attempts, content: <Attempts log={delivery.log} /> },
          {
            id: 'event',
            label: texts.event,
            content: <Json value={delivery.cloud_event} label={texts.event} fileName={delivery.event} />,
          },
        ]}
      />
    </>
  )
}

function Attempts({ log }: { readonly log: readonly Attempt[] }) {
  if (log.length === 0) return <p className={styles.muted}>{texts.noAttempts}</p>
  return (
    <div className={styles.stack}>
      {log.toReversed().map((attempt) => (
        <section key={attempt.number} className={styles.attempt}>
          <header className={styles.attemptHead}>
            <h3>{texts.attempt(attempt.number)}</h3>
            <StateBadge state={attempt.error === null ? 'delivered' : 'failed'}>
              {attempt.error === null ? 'accepted' : 'failed'}
            </StateBadge>
            <span className={styles.muted}>
              {`${durationText(attempt.ms)} · `}
              <Time at={attempt.at} />
            </span>
          </header>
          {attempt.error === null ? null : <p>{sentence(attempt.error)}</p>}
          <h4>{texts.request}</h4>
          <Json value={attempt.request} label={`${texts.request} ${attempt.number}`} />
          <h4>{texts.response}</h4>
          {attempt.response === null ? (
            <p className={styles.muted}>{texts.noResponse}</p>
          ) : (
            <Json value={attempt.response} label={`${texts.response} ${attempt.number}`} />
          )}
        </section>
      ))}
    </div>
  )
}
