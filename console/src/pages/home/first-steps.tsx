import { Link } from '@tanstack/react-router'
import { Circle, CircleCheck } from 'lucide-react'
import { useCallback, useEffect, useState, type ReactNode } from 'react'
import { trpc, type Outputs } from '#api'
import { Button, Section } from '#ui'
import styles from './home.module.css'
import { texts } from './texts.ts'
import { useAllowed } from './use-allowed.ts'

const integrationKinds = ['integration'] as const
const callKinds = ['call'] as const
const eventKinds = ['event'] as const
const runKinds = ['run'] as const
const tokenKinds = ['token'] as const
/** What can be connected changes only with the hub. */
const none: readonly string[] = []
const webhookTab = { tab: 'webhook' }
/** The connectors that every hub has from the start, or that need no outside system. */
const ownConnectors = new Set(['http', 'webhook'])
/** Tokens that are there from the start: the hub's first one, and HUB_ADMIN_TOKEN. */
const isFromStart = ({ name, prefix }: { readonly name: string; readonly prefix: string }): boolean =>
  name === 'first administrator' || prefix === '(preset)'
const hiddenPlace = 'hub.first-steps.hidden'
const dayMs = 86_400_000

/** What a new hub wants. Each step is ticked by what happened, and never by hand. */
export function FirstSteps() {
  const [isHidden, setHidden] = useState(() => localStorage.getItem(hiddenPlace) === 'yes')
  const hide = useCallback(() => {
    localStorage.setItem(hiddenPlace, 'yes')
    setHidden(true)
  }, [])
  return isHidden ? null : <Steps onHide={hide} />
}

function Steps({ onHide }: { onHide(): void }) {
  const [month] = useState(() => new Date(Date.now() - 30 * dayMs).toISOString())
  const integrations = useAllowed<Outputs['integrations']['list']>(
    'integrations.list',
    trpc.integrations.list.queryOptions({}),
    integrationKinds,
  )
  const calls = useAllowed<Outputs['invocations']['list']>(
    'invocations.list',
    trpc.invocations.list.queryOptions({ status: 'completed', limit: 1 }),
    callKinds,
  )
  const stats = useAllowed<Outputs['stats']['get']>('stats.get', trpc.stats.get.queryOptions({ from: month }), eventKinds)
  const runs = useAllowed<Outputs['runs']['list']>('runs.list', trpc.runs.list.queryOptions({ status: 'completed', limit: 1 }), runKinds)
  const tokens = useAllowed<Outputs['tokens']['list']>('tokens.list', trpc.tokens.list.queryOptions({}), tokenKinds)

  const connectors = useAllowed<Outputs['connectors']['list']>('connectors.list', trpc.connectors.list.queryOptions({}), none)
  const senders = new Set(connectors?.items.filter(({ features }) => features.includes('webhooks')).map(({ name }) => name))
  const sender = integrations?.items.find(({ integration_type: connector, enabled }) => enabled && senders.has(connector))

  const steps: readonly { readonly title: string; readonly isDone: boolean; readonly next: ReactNode }[] = [
    { title: 'Sign in', isDone: true, next: null },
    {
      title: 'Connect a system',
      isDone: integrations?.items.some(({ integration_type: connector }) => !ownConnectors.has(connector)) ?? false,
      next: <Link to="/integrations">Connect</Link>,
    },
    { title: 'Call a tool', isDone: (calls?.items.length ?? 0) > 0, next: <Link to="/tools">Try a tool</Link> },
    {
      title: 'Receive a webhook',
      isDone: (stats?.totals.events?.received ?? 0) > 0,
      next: sender ? (
        <Link to="/integrations/$id" params={{ id: sender.name }} search={webhookTab}>
          Send a sample
        </Link>
      ) : (
        <Link to="/integrations">Set up a webhook</Link>
      ),
    },
    { title: 'Run a flow', isDone: (runs?.items.length ?? 0) > 0, next: <Link to="/flows">Open the flows</Link> },
    {
      title: 'Give an agent a token',
      isDone: tokens?.items.some((token) => token.revoked_at === null && !isFromStart(token)) ?? false,
      next: (
        <Link to="/admin/$id" params={{ id: 'tokens' }}>
          Create a token
        </Link>
      ),
    },
  ]
  const done = steps.filter(({ isDone }) => isDone).length
  const isOver = done === steps.length
  useEffect(() => {
    if (isOver) onHide()
  }, [isOver, onHide])
  return (
    <Section
      title={`${texts.steps} ${done}/${steps.length}`}
      actions={
        <Button kind="quiet" onClick={onHide}>
          Hide
        </Button>
      }
    >
      <ul className={styles.steps}>
        {steps.map(({ title, isDone, next }) => (
          <li key={title} data-done={isDone || undefined}>
            {isDone ? <CircleCheck aria-label="done" /> : <Circle aria-label="open" />}
            <span>{title}</span>
            {isDone ? null : next}
          </li>
        ))}
      </ul>
    </Section>
  )
}
