import { Link } from '@tanstack/react-router'
import { CircleAlert, MessageCircleQuestion } from 'lucide-react'
import type { ReactNode } from 'react'
import { trpc, type Outputs } from '#api'
import { ErrorNote, Section, Skeleton, visible } from '#ui'
import styles from './home.module.css'
import { texts } from './texts.ts'
import { useAllowedQuery } from './use-allowed.ts'

const approvalKinds = ['approval'] as const
const integrationKinds = ['integration', 'credential'] as const
const deliveryKinds = ['delivery', 'endpoint'] as const
const flowKinds = ['flow', 'token', 'member'] as const
const runKinds = ['run'] as const

interface Need {
  readonly key: string
  readonly tone: 'asks' | 'failed'
  readonly text: ReactNode
}

export function Needs() {
  const approvals = useAllowedQuery<Outputs['approvals']['list']>(
    'approvals.list',
    trpc.approvals.list.queryOptions({ status: 'pending', order: 'oldest', limit: 100 }),
    approvalKinds,
  )
  const integrations = useAllowedQuery<Outputs['integrations']['list']>(
    'integrations.list',
    trpc.integrations.list.queryOptions({}),
    integrationKinds,
  )
  const dead = useAllowedQuery<Outputs['deliveries']['list']>(
    'deliveries.list',
    trpc.deliveries.list.queryOptions({ status: 'dead', from: '-7d', limit: 100 }),
    deliveryKinds,
  )
  const endpoints = useAllowedQuery<Outputs['endpoints']['list']>('endpoints.list', trpc.endpoints.list.queryOptions({}), deliveryKinds)
  const flows = useAllowedQuery<Outputs['flows']['list']>('flows.list', trpc.flows.list.queryOptions({}), flowKinds)
  const failed = useAllowedQuery<Outputs['runs']['list']>(
    'runs.list',
    trpc.runs.list.queryOptions({ status: 'failed', from: '-24h', limit: 100 }),
    runKinds,
  )

  const mine = approvals.data?.items.filter(({ may_decide: may }) => may) ?? []
  const needs: readonly (Need | false)[] = [
    mine.length > 0 && {
      key: 'approvals',
      tone: 'asks',
      text: (
        <>
          <Link to="/approvals">{counted(mine.length, 'approval', mine.length >= 100)}</Link> to decide on, the oldest:{' '}
          {visible(mine[0]!.message)}
        </>
      ),
    },
    ...(integrations.data?.items ?? []).filter(isBroken).map((integration) => brokenIntegration(integration)),
    ...(endpoints.data?.items ?? [])
      .filter(({ disabled_reason: reason }) => reason === 'gone' || reason === 'failing')
      .map(({ id, url }): Need => ({
        key: id,
        tone: 'failed',
        text: (
          <>
            <Link to="/endpoints/$id" params={{ id }}>
              {visible(url)}
            </Link>{' '}
            gets no events any more, because it failed too often
          </>
        ),
      })),
    dead.data !== undefined &&
      dead.data.items.length > 0 && {
        key: 'dead',
        tone: 'failed',
        text: (
          <Link to="/endpoints/deliveries" search={{ status: 'dead', from: '-7d' }}>
            {counted(dead.data.items.length, 'dead delivery', dead.data.next_cursor !== null)}
          </Link>
        ),
      },
    ...(flows.data?.items ?? [])
      .filter(({ blocked, enabled }) => enabled && blocked !== null)
      .map(({ id, name, blocked }): Need => ({
        key: `flow ${id}`,
        tone: 'failed',
        text: (
          <>
            The flow{' '}
            <Link to="/flows/$id" params={{ id }}>
              {visible(name ?? id)}
            </Link>{' '}
            is blocked: {visible(blocked ?? '')}
          </>
        ),
      })),
    failed.data !== undefined &&
      failed.data.items.length > 0 && {
        key: 'runs',
        tone: 'failed',
        text: (
          <Link to="/runs" search={{ status: 'failed', from: '-24h' }}>
            {`${counted(failed.data.items.length, 'run', failed.data.next_cursor !== null)} failed in the last 24 hours`}
          </Link>
        ),
      },
  ]
  const shown = needs.filter((need) => need !== false)
  const queries = [approvals, integrations, dead, endpoints, flows, failed]
  const broken = queries.filter(({ error }) => error !== null)
  return (
    <Section title={texts.needs}>
      {broken[0] ? <ErrorNote error={broken[0].error} onRetry={() => broken.forEach(({ refetch }) => void refetch())} /> : null}
      {shown.length === 0 && broken.length > 0 ? null : shown.length === 0 && queries.some(({ isAwaited }) => isAwaited) ? (
        <Skeleton rows={2} />
      ) : shown.length === 0 ? (
        <p className={styles.quiet}>{texts.nothing}</p>
      ) : (
        <ul className={styles.needs}>
          {shown.map(({ key, tone, text }) => (
            <li key={key} data-tone={tone}>
              {tone === 'asks' ? <MessageCircleQuestion aria-label="asks" /> : <CircleAlert aria-label="failed" />}
              <span>{text}</span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

type Integration = Outputs['integrations']['list']['items'][number]

function isBroken({ enabled, status, connection }: Integration): boolean {
  return status === 'error' || (enabled && connection?.state === 'reconnect_needed')
}

function brokenIntegration({ id, name, last_error: error, connection }: Integration): Need {
  const reason =
    connection?.state === 'reconnect_needed'
      ? (connection.problem ?? 'it has to be connected again')
      : String(error?.['message'] ?? error?.['detail'] ?? 'its calls fail')
  return {
    key: id,
    tone: 'failed',
    text: (
      <>
        <Link to="/integrations/$id" params={{ id }}>
          {visible(name)}
        </Link>{' '}
        does not work: {visible(reason)}
      </>
    ),
  }
}

function counted(count: number, what: string, isMore: boolean): string {
  const plural = what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`
  return `${count}${isMore ? '+' : ''} ${count === 1 && !isMore ? what : plural}`
}
