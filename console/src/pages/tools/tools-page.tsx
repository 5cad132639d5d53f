import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { client, trpc, useRows } from '#api'
import { useFilters, useOpen, useSearch, useSetSearch } from '#app'
import {
  Button,
  ChoiceFilter,
  EffectBadge,
  Empty,
  FilterBar,
  Grid,
  NothingMatches,
  Page,
  Split,
  StateBadge,
  TextFilter,
  visible,
  type Column,
} from '#ui'
import { texts } from './texts.ts'
import { ToolDetail } from './tool-detail.tsx'
import { isBuiltIn, type Effect, type Tool } from './tool.ts'
import styles from './tools.module.css'

const filters = ['q', 'connector', 'effect'] as const

const kinds = ['integration', 'flow'] as const
const effects = ['read', 'write', 'destroy'] as const

/** What can be done, found by what one wants to do, and tried here. */
export function ToolsPage() {
  const setSearch = useSetSearch()
  const { id, open, close } = useOpen('tools')
  const { q, connector, effect } = useSearch()
  const filter = { query: q, connector, effect: effect as Effect | undefined }
  const connectors = useQuery(trpc.connectors.list.queryOptions({}))
  const integrations = useQuery(trpc.integrations.list.queryOptions({}))
  const list = useRows<Tool>({
    key: ['tools', filter],
    kinds,
    fetchPage: (cursor) => client.tools.list.query({ ...filter, cursor, limit: 100 }),
    idOf: ({ name }) => name,
  })
  const connected = useMemo(
    () => new Set(integrations.data?.items.filter(({ enabled }) => enabled).map(({ integration_type: type }) => type)),
    [integrations.data],
  )
  const columns = useMemo<readonly Column<Tool>[]>(
    () => [
      {
        key: 'name',
        title: 'Tool',
        width: 'minmax(0, 3fr)',
        narrow: 'lead',
        render: ({ name, title }) => (
          <>
            {visible(title)} <code className={styles.name}>{visible(name)}</code>
          </>
        ),
      },
      { key: 'effect', title: 'Effect', width: '104px', narrow: 'end', render: ({ effect: of }) => <EffectBadge effect={of} /> },
      { key: 'connector', title: 'Connector', width: 'minmax(0, 1fr)', narrow: 'second', render: ({ connector: of }) => visible(of) },
      {
        key: 'connected',
        title: 'Can be used',
        width: '128px',
        narrow: 'second',
        render: ({ connector: of }) =>
          isBuiltIn(of) ? (
            texts.builtIn
          ) : integrations.data === undefined ? null : connected.has(of) ? (
            <StateBadge state="works">{texts.connected}</StateBadge>
          ) : (
            <StateBadge state="off">{texts.notConnected}</StateBadge>
          ),
      },
    ],
    [connected, integrations.data],
  )
  const { isFiltered, clear } = useFilters(filters)
  return (
    <Page title={texts.title} about={texts.about} isFull>
      <FilterBar isSet={isFiltered} onClear={clear}>
        <TextFilter
          label="What you want to do"
          placeholder={texts.placeholder}
          value={q}
          onValue={useCallback((value: string | undefined) => setSearch({ q: value }), [setSearch])}
        />
        <ChoiceFilter
          label="Connector"
          options={(connectors.data?.items ?? []).map(({ name }) => name)}
          value={connector}
          onValue={(value) => setSearch({ connector: value })}
        />
        <ChoiceFilter label="Effect" options={effects} value={effect} onValue={(value) => setSearch({ effect: value })} />
      </FilterBar>
      {isFiltered || id !== undefined ? null : (
        <p className={styles.examples}>
          {texts.examplesLabel}
          {texts.examples.map((example) => (
            <Button key={example} kind="quiet" onClick={() => setSearch({ q: example })}>
              {example}
            </Button>
          ))}
        </p>
      )}
      <Split
        list={
          <Grid
            label={texts.title}
            columns={id === undefined ? columns : columns.slice(0, 2)}
            list={list}
            idOf={({ name }) => name}
            nameOf={({ name, title }) => `${title} ${name}`}
            openId={id}
            onOpen={({ name }) => open(name)}
            empty={
              isFiltered ? (
                <NothingMatches title={texts.nothing} onClear={clear}>
                  {texts.nothingAbout}
                </NothingMatches>
              ) : (
                <Empty title={texts.none}>{texts.noneAbout}</Empty>
              )
            }
          />
        }
        detail={id === undefined ? undefined : <ToolDetail key={id} name={id} onClose={close} />}
      />
    </Page>
  )
}
