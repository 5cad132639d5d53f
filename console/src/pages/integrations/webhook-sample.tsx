import { useQuery } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction } from '#api'
import { ActionButton, ThingLink } from '#app'
import { Button, Dialog, Facts, Json, Loaded, Note, OperationButton, SelectField, visible } from '#ui'
import styles from './integrations.module.css'
import { webhookTexts as texts } from './texts.ts'

interface SampleProps {
  readonly name: string
  readonly types: readonly string[]
}

export function Sample(props: SampleProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <div>
      <ActionButton
        action={{ label: texts.sample, operation: 'webhooks.preview', icon: <FlaskConical aria-hidden />, run: () => setOpen(true) }}
      />
      {isOpen ? <SampleDialog {...props} onClose={() => setOpen(false)} /> : null}
    </div>
  )
}

/** Shows what a sample would become and start before it is sent. */
function SampleDialog({ name, types, onClose }: SampleProps & { onClose(): void }) {
  const [type, setType] = useState(types[0]!)
  const query = useQuery({ ...trpc.webhooks.preview.queryOptions({ hook: name, sample: type }), staleTime: 0, gcTime: 0 })
  const send = useAction(trpc.webhooks.send_sample, { done: texts.sampleSent })
  const starts = query.data?.matches ?? []
  return (
    <Dialog
      title={texts.sampleTitle}
      isOpen
      isWide
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <OperationButton
            operation="webhooks.send_sample"
            kind="main"
            isBusy={send.isPending}
            onClick={() => send.mutate({ hook: name, event: type })}
          >
            {texts.sampleSend}
          </OperationButton>
        </>
      }
    >
      <div className={styles.stack}>
        <p className={styles.muted}>{texts.sampleAbout}</p>
        <SelectField
          label={texts.sampleType}
          value={type}
          options={types.map((value) => ({ value, label: value }))}
          onValue={(next) => {
            setType(next)
            send.reset()
          }}
        />
        {starts.length === 0 ? null : (
          <Note tone="waiting">{texts.sampleStarts(starts.map(({ kind, target }) => `${kind} ${visible(target)}`).join(', '))}</Note>
        )}
        <div role="status">
          {send.data ? (
            <Note tone="ok">
              <p>{texts.sampleSent}</p>
              <p>
                <ThingLink id={send.data.event_id}>{texts.sampleOpen}</ThingLink>
              </p>
            </Note>
          ) : null}
        </div>
        <Loaded query={query} rows={4}>
          {({ subject, data, matches }) => (
            <div className={styles.stack}>
              <Facts
                of={[
                  ['Subject', subject === null ? undefined : visible(subject)],
                  [
                    texts.sampleMatches,
                    matches.length === 0 ? texts.sampleNobody : matches.map(({ kind, target }) => `${kind} ${visible(target)}`).join(', '),
                  ],
                ]}
              />
              <Json value={data} label="Data" />
            </div>
          )}
        </Loaded>
      </div>
    </Dialog>
  )
}
