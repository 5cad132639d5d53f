import { Link } from '@tanstack/react-router'
import { FlaskConical, Send, Trash2 } from 'lucide-react'
import { trpc, useAction, type Outputs } from '#api'
import { ButtonGroup, Card, OperationButton, Section } from '#ui'
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
              <OperationButton
                operation="demo.send_webhook"
                kind="main"
                icon={<Send aria-hidden />}
                isBusy={send.isPending}
                onClick={() => send.mutate({})}
              >
                Send the sample webhook
              </OperationButton>
              {demo.flow === null ? null : (
                <Link to="/flows/$id" params={{ id: demo.flow }}>
                  Open its flow
                </Link>
              )}
              <Link to="/runs">See the runs</Link>
            </>
          ) : (
            <OperationButton
              operation="demo.start"
              icon={<FlaskConical aria-hidden />}
              isBusy={start.isPending}
              onClick={() => start.mutate({})}
            >
              Start the demo systems
            </OperationButton>
          )}
          {demo.running || demo.integrations.length > 0 ? (
            <OperationButton operation="demo.stop" icon={<Trash2 aria-hidden />} isBusy={stop.isPending} onClick={() => stop.mutate({})}>
              Remove them
            </OperationButton>
          ) : null}
        </ButtonGroup>
      </Card>
    </Section>
  )
}
