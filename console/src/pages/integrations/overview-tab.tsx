import { trpc, type Outputs } from '#api'
import { useQuery } from '@tanstack/react-query'
import { useSearch, useSetSearch } from '#app'
import { Facts, Id, Json, Note, sentence, Time, visible } from '#ui'
import styles from './integrations.module.css'
import { OAuthConnect } from './oauth-connect.tsx'
import { isByOAuth, stateOf, type Integration } from './state.ts'
import { remedyOf } from './reasons.ts'
import { texts } from './texts.ts'
import type { ConnectionTestAction } from './use-test.ts'

interface OverviewProps {
  readonly integration: Integration
  readonly connector: Outputs['connectors']['get'] | undefined
  readonly test: ConnectionTestAction
}

/** How an integration stands, what is wrong with it, and what it is. */
export function OverviewTab({ integration, connector, test }: OverviewProps) {
  const { reconnect } = useSearch()
  const setSearch = useSetSearch()
  const { connection, config } = integration
  const { trouble } = stateOf(integration)
  const isConnecting = isByOAuth(integration) && (reconnect !== undefined || connection?.state !== 'connected')
  const title = connector?.title ?? integration.integration_type
  const failures = integration.consecutive_errors
  return (
    <div className={styles.stack}>
      <TestResult test={test} />
      {trouble === undefined || test.data?.ok === false || (isConnecting && connection?.state === 'not_connected') ? null : (
        <Note tone="failed">
          <p>{sentence(trouble.what)}</p>
          <p>{trouble.remedy}</p>
        </Note>
      )}
      {isConnecting ? (
        <Connecting
          integration={integration}
          title={title}
          onConnected={() => {
            setSearch({ reconnect: undefined })
            test.mutate({ id: integration.id })
          }}
        />
      ) : null}
      <Facts
        of={[
          ['Id', <Id key="id">{integration.id}</Id>],
          ['Connector', visible(title)],
          ['Account', connection?.account == null ? undefined : visible(connection.account)],
          ['Signs in by', connector?.auth.find(({ type }) => type === integration.auth_type)?.title ?? integration.auth_type],
          ['Credential', integration.credential === null ? 'none' : visible(integration.credential)],
          ['Allowed', connection === null || connection.scopes.length === 0 ? undefined : connection.scopes.map(visible).join(', ')],
          ['User', integration.external_user === null ? undefined : visible(integration.external_user)],
          ['Came from', integration.origin],
          ['Created', <Time key="at" at={integration.created_at} />],
        ]}
      />
      <section className={styles.stack}>
        <h3>{texts.healthTitle}</h3>
        <Facts
          of={[
            [
              'Worked',
              integration.success_rate === null
                ? texts.noCalls
                : `${integration.success_rate} %: ${integration.success_count.toLocaleString('en')} worked, ${integration.error_count.toLocaleString('en')} failed`,
            ],
            ['Failed in a row', failures === 0 ? undefined : `${failures} of the 5 after which it is disabled`],
            ['Last success', integration.last_success_at === null ? undefined : <Time key="good" at={integration.last_success_at} />],
            ['Last failure', integration.last_error_at === null ? undefined : <Time key="bad" at={integration.last_error_at} />],
            ['Last error', integration.last_error === null ? undefined : visible(String(integration.last_error['message'] ?? ''))],
            [texts.limit, limitOf(config)],
          ]}
        />
      </section>
      <section className={styles.stack}>
        <h3>{texts.configTitle}</h3>
        {Object.keys(config).length === 0 ? <p className={styles.muted}>{texts.noConfig}</p> : <Json value={config} label="Settings" />}
      </section>
    </div>
  )
}

function limitOf({ rate_limit_per_minute: limit }: Integration['config']): string {
  return typeof limit === 'number' ? `${limit.toLocaleString('en')} requests a minute` : texts.limitUsual
}

function Connecting(props: { readonly integration: Integration; readonly title: string; onConnected(): void }) {
  const setup = useQuery(trpc.integrations.setup.queryOptions({ id: props.integration.id }))
  return setup.data?.oauth ? <OAuthConnect {...props} setup={setup.data.oauth} /> : null
}

function TestResult({ test: { data, isPending } }: Pick<OverviewProps, 'test'>) {
  if (isPending) return <Note tone="running">{texts.testing}</Note>
  if (data === undefined) return null
  if (data.ok) return <Note tone="ok">{visible(texts.works(data.account))}</Note>
  return (
    <Note tone="failed">
      <p>{texts.testFailed}</p>
      <p>{sentence(String(data.error?.['detail'] ?? data.error?.['message'] ?? ''))}</p>
      <p>{remedyOf(data.error?.['kind'])}</p>
    </Note>
  )
}
