import { useQuery } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { useEffect, useState } from 'react'
import { client, trpc, useAction, useMissing, workspace, type Outputs } from '#api'
import { Button, ButtonGroup, buttonClass, Id, Note, OperationButton, sentence, visible } from '#ui'
import { ApplicationForm } from './application-form.tsx'
import styles from './integrations.module.css'
import type { Integration } from './state.ts'
import { oauthTexts as texts } from './texts.ts'

type Setup = NonNullable<Outputs['integrations']['setup']['oauth']>

interface OAuthProps {
  readonly integration: Integration
  readonly title: string
  readonly setup: Setup
  onConnected(): void
}

interface Try {
  readonly attempt: string
  readonly isBlocked: boolean
}

const pollMs = 1500

/** An id of an attempt, which this page makes so that it can ask how the attempt stands. `randomUUID` is missing on pages without TLS. */
function newAttempt(): string {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `att_${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function startPath(integration: string, more: Readonly<Record<string, string>>): string {
  return `/connect/start?${new URLSearchParams({ integration, workspace: workspace ?? '', ...more }).toString()}`
}

/** Connects an integration in a window of the outside system. What it says is asked of the hub; a closed window proves nothing. */
export function OAuthConnect({ integration, title, setup, onConnected }: OAuthProps) {
  const [current, setCurrent] = useState<Try>()
  const missing = useMissing('integrations.connect')
  const begin = (): void => {
    const attempt = newAttempt()
    // In the click itself, or the browser takes it for an advertisement.
    const popup = window.open(startPath(integration.id, { attempt }), 'integration-hub-connect', 'popup,width=620,height=760')
    setCurrent({ attempt, isBlocked: popup === null })
  }
  const hub = new URL(setup.callback_url).origin
  const isElsewhere = hub !== location.origin
  return (
    <section className={styles.stack}>
      <h3>{texts.connect(title)}</h3>
      <p>{texts.about(title)}</p>
      {isElsewhere ? (
        <Note tone="waiting">
          <p>{texts.elsewhere(hub)}</p>
          <p>
            <a href={`${hub}${location.pathname}${location.search}`}>{texts.openThere}</a>
          </p>
        </Note>
      ) : null}
      <div>
        <p className={styles.muted}>{texts.callback(title)}</p>
        <Id>{setup.callback_url}</Id>
      </div>
      {setup.problem === null ? null : (
        <Note tone="failed">
          <p>{sentence(setup.problem.detail)}</p>
          {setup.problem.hint === undefined ? null : <p>{sentence(setup.problem.hint)}</p>}
        </Note>
      )}
      {setup.problem?.code === 'oauth_client_missing' ? <ApplicationForm setup={setup} /> : null}
      {current === undefined ? (
        <ButtonGroup>
          <Button
            kind="main"
            icon={<ExternalLink aria-hidden />}
            blocked={
              missing === undefined
                ? setup.problem === null
                  ? undefined
                  : sentence(setup.problem.detail)
                : `You lack the scope ${missing}`
            }
            onClick={begin}
          >
            {texts.connect(title)}
          </Button>
        </ButtonGroup>
      ) : (
        <Attempt
          key={current.attempt}
          current={current}
          integration={integration}
          onAgain={begin}
          onCancelled={() => setCurrent(undefined)}
          onConnected={onConnected}
        />
      )}
    </section>
  )
}

interface AttemptProps {
  readonly current: Try
  readonly integration: Integration
  onAgain(): void
  onCancelled(): void
  onConnected(): void
}

/** What ends an attempt; before that, the person is on the pages of the outside system. */
const open = new Set(['waiting', 'choosing'])

function Attempt({ current: { attempt, isBlocked }, integration, onAgain, onCancelled, onConnected }: AttemptProps) {
  const query = useQuery({
    ...trpc.connections.get.queryOptions({ id: attempt }),
    // Before the window has begun it, there is nothing to see.
    retry: false,
    refetchInterval: ({ state }) => (state.data === undefined || open.has(state.data.status) ? pollMs : false),
  })
  const { refetch, data } = query
  useEffect(() => {
    // What other windows say is only a hint that something may have changed.
    const hinted = ({ data: said }: MessageEvent<{ type?: string; attempt?: string } | null>): void => {
      if (said?.type === 'integration-hub.connect' && said.attempt === attempt) void refetch()
    }
    const channel = new BroadcastChannel('integration-hub')
    channel.addEventListener('message', hinted)
    const posted = (event: MessageEvent): void => {
      if (event.origin === location.origin) hinted(event)
    }
    window.addEventListener('message', posted)
    return () => {
      channel.close()
      window.removeEventListener('message', posted)
    }
  }, [attempt, refetch])
  const cancel = useAction(trpc.connections.cancel)
  const isConnected = data?.status === 'connected'
  useEffect(() => {
    if (isConnected) onConnected()
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only the change of the state counts.
  }, [isConnected])
  const isOpen = data === undefined || open.has(data.status)
  const back = `${location.pathname}${location.search}`
  return (
    <div className={styles.stack}>
      <div role="status">
        {data?.status === 'connected' ? (
          <Note tone="ok">{visible(texts.connected(data.account))}</Note>
        ) : isOpen ? (
          <Note tone="waiting">{isBlocked ? texts.blocked : data?.status === 'choosing' ? texts.choosing : texts.waiting}</Note>
        ) : (
          <Note tone="failed">
            <p>{sentence(data.problem?.detail ?? texts.ended(data.status))}</p>
            {data.problem?.hint === undefined ? null : <p>{sentence(data.problem.hint)}</p>}
          </Note>
        )}
      </div>
      <ButtonGroup>
        {isBlocked && isOpen ? (
          <a className={buttonClass('main')} href={startPath(integration.id, { next: back })}>
            {texts.sameTab}
          </a>
        ) : null}
        {isConnected ? null : (
          <OperationButton operation="integrations.connect" onClick={onAgain}>
            {texts.again}
          </OperationButton>
        )}
        {isOpen ? (
          <OperationButton
            operation="connections.cancel"
            isBusy={cancel.isPending}
            onClick={() => {
              // What has not begun cannot be ended, and needs not be.
              if (data !== undefined) void client.connections.cancel.mutate({ id: attempt }).catch(() => undefined)
              onCancelled()
            }}
          >
            {texts.cancel}
          </OperationButton>
        ) : null}
      </ButtonGroup>
    </div>
  )
}
