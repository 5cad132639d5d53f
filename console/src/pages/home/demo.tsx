import { Link } from '@tanstack/react-router'
import { FlaskConical, Send, Trash2 } from 'lucide-react'
import { trpc, useAction, type Outputs } from '#api'
import { ActionButton } from '#app'
import { ButtonGroup, Card, Section } from '#ui'
import styles from './home.module.css'
import { texts } from './texts.ts'
import { useAllowed } from './use-allowed.ts'

const kinds = ['integration', 'flow'] as const

/** The demo systems: started on request, removed with everything that belongs to them. */
export function Demo() {
  const demo = useAllowed<Outputs['demo']['get']>('demo.get', trpc.demo.get.queryOptions({}), kinds)
  const start = useAction(trpc.demo.start, { done: texts.demoStarted })
  const stop = useAction(trpc.demo.stop, { done: texts.demoStopped })
  const send = useAction(trpc.demo.send_webhook, { done: texts.sampleSent })
  if (!demo?.enabled) return null
  return (
    <Section title={texts.demoTitle}>
      <Card>
        <p className={styles.about}>{texts.demoAbout}</p>
        <ButtonGroup>
          {demo.running ? (
            <>
              <ActionButton
                action={{
                  label: 'Send the sample webhook',
                  operation: 'demo.send_webhook',
                  kind: 'main',
                  icon: <Send aria-hidden />,
                  isBusy: send.isPending,
                  run: () => send.mutate({}),
                }}
              />
              {demo.flow === null ? null : (
                <Link to="/flows/$id" params={{ id: demo.flow }}>
                  Open its flow
                </Link>
              )}
              <Link to="/runs">See the runs</Link>
            </>
          ) : (
            <ActionButton
              action={{
                label: 'Start the demo systems',
                operation: 'demo.start',
                icon: <FlaskConical aria-hidden />,
                isBusy: start.isPending,
                run: () => start.mutate({}),
              }}
            />
          )}
          {demo.running || demo.integrations.length > 0 ? (
            <ActionButton
              action={{
                label: 'Remove them',
                operation: 'demo.stop',
                icon: <Trash2 aria-hidden />,
                isBusy: stop.isPending,
                run: () => stop.mutate({}),
              }}
            />
          ) : null}
        </ButtonGroup>
      </Card>
    </Section>
  )
}
