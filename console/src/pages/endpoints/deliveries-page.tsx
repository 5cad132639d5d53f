import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { client, trpc, useRows, type Outputs } from '#api'
import { BulkAllButton, BulkBar, useBulk, useFilters, useOpen, useSearch, useSetSearch } from '#app'
import {
  buttonClass,
  Empty,
  FilterBar,
  Grid,
  NamedFilter,
  NothingMatches,
  Page,
  Split,
  StateBadge,
  StatesFilter,
  TextFilter,
  Time,
  TimeFilter,
  visible,
  type Column,
} from '#ui'
import { DeliveryDetail } from './delivery-detail.tsx'
import { retryMany } from './endpoint-detail.tsx'
import { deliveryTexts as texts, texts as endpointTexts } from './texts.ts'

const filters = ['endpoint', 'status', 'type', 'from'] as const

type Delivery = Outputs['deliveries']['list']['items'][number]

const kinds = ['delivery'] as const
const states = ['pending', 'delivered', 'dead', 'cancelled'] as const
type State = (typeof states)[number]

const idOf = ({ id }: Delivery): string => id

function columnsOf(urls: ReadonlyMap<string, string>): readonly Column<Delivery>[] {
  return [
    { key: 'type', title: 'Event', width: 'minmax(0, 1.2fr)', narrow: 'lead', render: ({ event_type: type }) => visible(type) },
    { key: 'status', title: 'State', width: '110px', narrow: 'end', render: ({ status }) => <StateBadge state={status} /> },
    {
      key: 'to',
      title: 'Endpoint',
      width: 'minmax(0, 1.5fr)',
      narrow: 'second',
      render: ({ endpoint }) => visible(urls.get(endpoint) ?? endpoint),
    },
    {
      key: 'error',
      title: 'Last answer',
      width: 'minmax(0, 1.5fr)',
      narrow: 'second',
      render: ({ last_status: status, last_error: error }) => visible(error ?? (status === null ? '' : String(status))),
    },
    {
      key: 'attempts',
      title: 'Attempts',
      width: '96px',
      narrow: 'second',
      render: ({ attempts }) => `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
    },
    { key: 'at', title: 'Created', width: '110px', narrow: 'second', render: ({ created_at: at }) => <Time at={at} /> },
  ]
}

/** Events on their way to endpoints. */
export function DeliveriesPage() {
  const search = useSearch()
  const setSearch = useSetSearch()
  const { id, open, close } = useOpen('endpoints/deliveries')
  const { endpoint, status, type, from } = search
  const chosen = status?.split(',').filter((one): one is State => states.includes(one as State))
  const filter = { endpoint, type, from, status: chosen && chosen.length > 0 ? chosen : undefined }
  const list = useRows<Delivery>({
    key: ['deliveries', filter],
    kinds,
    fetchPage: (cursor) => client.deliveries.list.query({ ...filter, cursor, limit: 100 }),
    idOf,
  })
  const endpoints = useQuery({ ...trpc.endpoints.list.queryOptions({ limit: 100 }), staleTime: 60_000 })
  const urls = useMemo(() => new Map((endpoints.data?.items ?? []).map(({ id: of, url }) => [of, url])), [endpoints.data])
  const columns = useMemo(() => columnsOf(urls), [urls])
  const isDead = status === 'dead'
  const bulk = useBulk({ rows: list.rows, idOf, filter })
  const action = { ...retryMany, blocked: isDead ? undefined : onlyDead }
  const { isFiltered, clear } = useFilters(filters)
  return (
    <Page
      title={texts.title}
      about={texts.about}
      isFull
      actions={
        <Link to="/endpoints" className={buttonClass()}>
          {texts.toEndpoints}
        </Link>
      }
    >
      <FilterBar isSet={isFiltered} onClear={clear}>
        <StatesFilter label="State" options={states} value={status} onValue={(value) => setSearch({ status: value })} />
        <TextFilter
          label="Event"
          placeholder="github.push"
          value={type}
          onValue={useCallback((value: string | undefined) => setSearch({ type: value }), [setSearch])}
        />
        <EndpointFilter urls={urls} value={endpoint} onValue={(value) => setSearch({ endpoint: value })} />
        <TimeFilter value={from} onValue={(value) => setSearch({ from: value })} />
        {isDead && list.rows.length > 0 ? <BulkAllButton bulk={bulk} action={action} label={retryAll} /> : null}
      </FilterBar>
      <BulkBar bulk={bulk} actions={[action]} things={endpointTexts.things} />
      <Split
        list={
          <Grid
            label={texts.title}
            columns={columns}
            list={list}
            idOf={idOf}
            nameOf={({ event_type: of, status: state }) => `${of}, ${state}`}
            openId={id}
            onOpen={(row) => open(row.id)}
            selection={bulk.selection}
            empty={
              isFiltered ? <NothingMatches title={texts.nothing} onClear={clear} /> : <Empty title={texts.none}>{texts.noneAbout}</Empty>
            }
          />
        }
        detail={id === undefined ? undefined : <DeliveryDetail key={id} id={id} url={urls} onClose={close} />}
      />
    </Page>
  )
}

const retryAll = 'Retry all of these'
const onlyDead = 'Show only dead deliveries first: the others are sent already, or wait for their next attempt'

interface EndpointFilterProps {
  readonly urls: ReadonlyMap<string, string>
  readonly value: string | undefined
  onValue(value: string | undefined): void
}

function EndpointFilter({ urls, value, onValue }: EndpointFilterProps) {
  const options = value === undefined || urls.has(value) ? [...urls] : [...urls, [value, value] as const]
  return (
    <NamedFilter
      label="Endpoint"
      value={value}
      options={options.map(([of, url]) => ({ value: of, label: visible(url.replace(/^https?:\/\//, '').slice(0, 60)) }))}
      onValue={onValue}
    />
  )
}
