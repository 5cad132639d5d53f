import { useQuery } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { trpc, useAction, type Outputs } from '#api'
import { ActionButton, ThingLink, useLive, useSearch, useSetSearch } from '#app'
import { Detail, Facts, Id, Json, Loaded, Note, StateBadge, Tabs, Time, visible } from '#ui'
import { texts } from './texts.ts'

type Event = Outputs['events']['get']

const kinds = ['event'] as const

export function EventDetail({ id, onClose }: { readonly id: string; onClose(): void }) {
  const query = useQuery(trpc.events.get.queryOptions({ id }))
  useLive(kinds, trpc.events.get.queryKey({ id }), { ids: [id] })
  const replay = useAction(trpc.events.replay, { done: texts.replayed })
  return (
    <Detail
      id={id}
      title={visible(query.data?.type ?? 'Event')}
      badge={query.data ? <StateBadge state={query.data.status} /> : null}
      onClose={onClose}
      actions={
        <ActionButton
          action={{
            label: 'Replay',
            operation: 'events.replay',
            icon: <RotateCw aria-hidden />,
            isBusy: replay.isPending,
            run: () => replay.mutate({ id }),
          }}
        />
      }
    >
      <Loaded query={query}>{(event) => <Content event={event} />}</Loaded>
    </Detail>
  )
}

function Content({ event }: { readonly event: Event }) {
  const { tab = 'data' } = useSearch()
  const setSearch = useSetSearch()
  return (
    <>
      {event.problem === null ? null : <Note tone="failed">{event.problem}</Note>}
      {event.same_body_as === null ? null : (
        <Note>
          {texts.sameBody} <ThingLink id={event.same_body_as} />
        </Note>
      )}
      <Facts
        of={[
          ['Id', <Id key="id">{event.id}</Id>],
          ['Received', <Time key="at" at={event.received_at} />],
          ['From', event.integration ?? event.connector],
          ['Subject', event.subject === null ? undefined : visible(event.subject)],
          ['Signature', event.verified ? 'verified' : 'none'],
          ['Delivery id', event.delivery_id === null ? undefined : visible(event.delivery_id)],
          ['Replays', event.replays === 0 ? undefined : event.replays],
          [
            texts.fromFlow,
            event.origin === null ? undefined : (
              <ThingLink key="run" id={event.origin.run_id}>
                {event.origin.flow}
              </ThingLink>
            ),
          ],
        ]}
      />
      <Effects effects={event.effects} />
      <Tabs
        label="Content"
        open={tab}
        onOpen={(next) => setSearch({ tab: next })}
        tabs={[
          { id: 'data', label: 'Data', content: <Json value={event.data} label="Data" fileName={event.id} /> },
          { id: 'headers', label: 'Headers', content: <Json value={event.headers} label="Headers" /> },
          { id: 'body', label: 'Body as it came', content: <Json value={event.body} label="Body" /> },
        ]}
      />
    </>
  )
}

function Effects({ effects }: Pick<Event, 'effects'>) {
  if (effects.length === 0) return <p>{texts.noEffects}</p>
  return (
    <section>
      <h3>Set off</h3>
      <ul>
        {effects.map(({ kind, target, effect_id: effect, at, replay }) => (
          <li key={effect}>
            {`${kind} `}
            <ThingLink id={effect}>{visible(target)}</ThingLink> <Time at={at} />
            {replay > 0 ? ` (replay ${replay})` : ''}
          </li>
        ))}
      </ul>
    </section>
  )
}
