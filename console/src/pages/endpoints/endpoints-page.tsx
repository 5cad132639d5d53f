import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { allItems, client, trpc, wholeRows } from '#api'
import { ActionButton, useLive, useOpen, useSearch, useSetSearch } from '#app'
import { buttonClass, Empty, Grid, Page, Split, StateBadge, visible, type Column } from '#ui'
import { CreateDialog } from './create-dialog.tsx'
import { EndpointDetail } from './endpoint-detail.tsx'
import { byNeed, shareText, stateOf, type Counts, type Endpoint } from './state.ts'
import { texts } from './texts.ts'

const kinds = ['endpoint'] as const
const countKinds = ['delivery', 'endpoint'] as const

const idOf = ({ id }: Endpoint): string => id

const listKey = ['all endpoints'] as const

/** All of them, so that those with trouble come first. */
const allEndpoints = (): Promise<Endpoint[]> => allItems((cursor) => client.endpoints.list.query({ cursor, limit: 100 }))

function columnsOf(counts: ReadonlyMap<string, Counts>): readonly Column<Endpoint>[] {
  return [
    { key: 'url', title: 'URL', width: 'minmax(0, 2fr)', narrow: 'lead', render: ({ url }) => visible(url) },
    {
      key: 'state',
      title: 'State',
      width: '180px',
      narrow: 'end',
      render: (row) => {
        const { state, tone, word } = stateOf(row)
        return (
          <StateBadge state={state} tone={tone}>
            {word}
          </StateBadge>
        )
      },
    },
    {
      key: 'about',
      title: 'Description',
      width: 'minmax(0, 1fr)',
      narrow: 'second',
      render: ({ description, types }) => visible(description ?? types.join(', ')),
    },
    { key: 'share', title: 'Accepted, 7 days', width: '130px', narrow: 'second', render: ({ id }) => shareText(counts.get(id)) },
    {
      key: 'dead',
      title: 'Dead',
      width: '90px',
      narrow: 'second',
      render: ({ id }) => {
        const dead = counts.get(id)?.dead ?? 0
        return dead === 0 ? '0' : <StateBadge state="dead">{`${dead.toLocaleString('en')} dead`}</StateBadge>
      },
    },
  ]
}

/** Where events are sent, and how that goes. */
export function EndpointsPage() {
  const { create } = useSearch()
  const setSearch = useSetSearch()
  const { id, open, close } = useOpen('endpoints')
  const query = useQuery({ queryKey: listKey, queryFn: allEndpoints })
  useLive(kinds, listKey)
  const rows = useMemo(() => (query.data ?? []).toSorted(byNeed), [query.data])
  const counts = useQuery(trpc.deliveries.counts.queryOptions({}))
  useLive(countKinds, trpc.deliveries.counts.queryKey())
  const byId = useMemo(() => new Map((counts.data?.items ?? []).map((one) => [one.endpoint, one])), [counts.data])
  const columns = useMemo(() => columnsOf(byId), [byId])
  const add = useCallback(() => setSearch({ create: 'new' }, { isBack: true }), [setSearch])
  const button = (
    <ActionButton action={{ label: texts.create, operation: 'endpoints.create', kind: 'main', icon: <Plus aria-hidden />, run: add }} />
  )
  return (
    <Page
      title={texts.title}
      about={texts.about}
      isFull
      actions={
        <>
          <Link to="/endpoints/deliveries" className={buttonClass()}>
            {texts.allDeliveries}
          </Link>
          {button}
        </>
      }
    >
      <Split
        list={
          <Grid
            label={texts.title}
            columns={columns}
            list={wholeRows(query, rows)}
            idOf={idOf}
            nameOf={(row) => `${row.url}, ${stateOf(row).word}`}
            openId={id}
            onOpen={(row) => open(row.id)}
            empty={
              <Empty title={texts.none} action={button}>
                {texts.noneAbout}
              </Empty>
            }
          />
        }
        detail={id === undefined ? undefined : <EndpointDetail key={id} id={id} counts={byId.get(id)} onClose={close} />}
      />
      {create === undefined ? null : <CreateDialog onClose={() => setSearch({ create: undefined })} />}
    </Page>
  )
}
