import { useQuery } from '@tanstack/react-query'
import { PlugZap, Power, RefreshCw } from 'lucide-react'
import { useEffect, useState } from 'react'
import { trpc, useAction, useMissing } from '#api'
import { ActionButton, ActionMenu, useLive, useSearch, useSetSearch } from '#app'
import { ButtonGroup, Detail, Loaded, StateBadge, Tabs, visible } from '#ui'
import { CallsTab } from './calls-tab.tsx'
import { EditDialog, type Edit } from './edit-dialogs.tsx'
import { OverviewTab } from './overview-tab.tsx'
import { isByOAuth, stateOf, type Integration } from './state.ts'
import { texts } from './texts.ts'
import { ToolsTab } from './tools-tab.tsx'
import { useConnectionTest } from './use-test.ts'
import { WebhookTab } from './webhook-tab.tsx'

const kinds = ['integration'] as const

/** One integration: how it stands, its webhook, its tools and its calls. */
export function IntegrationDetail({ id, onClose }: { readonly id: string; onClose(): void }) {
  const query = useQuery(trpc.integrations.get.queryOptions({ id }))
  // The address may have its name, which hints do not know.
  useLive(kinds, trpc.integrations.get.queryKey({ id }), { ids: query.data && [query.data.id] })
  const { data } = query
  const { state, tone, word } = data ? stateOf(data) : {}
  return (
    <Detail
      id={data?.id ?? id}
      title={visible(data?.name ?? id)}
      badge={
        state === undefined ? null : (
          <StateBadge state={state} tone={tone!}>
            {word}
          </StateBadge>
        )
      }
      onClose={onClose}
    >
      <Loaded query={query}>{(integration) => <Content integration={integration} onClose={onClose} />}</Loaded>
    </Detail>
  )
}

function Content({ integration, onClose }: { readonly integration: Integration; onClose(): void }) {
  const { id, name, enabled, integration_type: type } = integration
  const { tab = 'overview', test: isTestAsked } = useSearch()
  const setSearch = useSetSearch()
  const [edit, setEdit] = useState<Edit>()
  const test = useConnectionTest()
  const missing = useMissing('integrations.update')
  const blocked = missing === undefined ? undefined : `You lack the scope ${missing}`
  const change = useAction(trpc.integrations.update, { done: ({ enabled: isOn }) => (isOn ? texts.enabled : texts.disabled) })
  const { mutate: runTest } = test
  useEffect(() => {
    if (isTestAsked === undefined) return
    setSearch({ test: undefined })
    runTest({ id })
  }, [isTestAsked, setSearch, runTest, id])
  const connector = useQuery({ ...trpc.connectors.get.queryOptions({ connector: type }), staleTime: 60_000 })
  const hasWebhook = connector.data?.features.includes('webhooks') ?? false
  return (
    <>
      <ButtonGroup>
        <ActionButton
          action={{
            label: texts.test,
            operation: 'integrations.test',
            icon: <PlugZap aria-hidden />,
            isBusy: test.isPending,
            run: () => test.mutate({ id }),
          }}
        />
        {isByOAuth(integration) ? (
          <ActionButton
            action={{
              label: integration.connection?.state === 'not_connected' ? texts.connect : texts.reconnect,
              operation: 'integrations.connect',
              icon: <RefreshCw aria-hidden />,
              run: () => setSearch({ tab: 'overview', reconnect: 'now' }),
            }}
          />
        ) : null}
        <ActionButton
          action={{
            label: enabled ? texts.disable : texts.enable,
            operation: 'integrations.update',
            icon: <Power aria-hidden />,
            isBusy: change.isPending,
            run: () => change.mutate(enabled ? { id, enabled: false } : { id, enabled: true, status: 'active' }),
          }}
        />
        <ActionMenu
          label={texts.more}
          items={[
            { label: texts.rename, blocked, onSelect: () => setEdit('name') },
            { label: texts.settingsEdit, blocked, onSelect: () => setEdit('settings') },
            { label: texts.credential, blocked, onSelect: () => setEdit('credential') },
            { label: texts.remove, blocked, onSelect: () => setEdit('remove') },
          ]}
        />
      </ButtonGroup>
      <Tabs
        label={name}
        open={tab}
        onOpen={(next) => setSearch({ tab: next })}
        tabs={[
          {
            id: 'overview',
            label: texts.showOverview,
            content: <OverviewTab integration={integration} connector={connector.data} test={test} />,
          },
          ...(hasWebhook ? [{ id: 'webhook', label: 'Webhook', content: <WebhookTab integration={integration} /> }] : []),
          { id: 'tools', label: 'Tools', content: <ToolsTab query={connector} /> },
          { id: 'calls', label: 'Calls', content: <CallsTab name={name} /> },
        ]}
      />
      {edit === undefined ? null : (
        <EditDialog
          edit={edit}
          integration={integration}
          connector={connector.data}
          onClose={() => setEdit(undefined)}
          onRemoved={onClose}
        />
      )}
    </>
  )
}
