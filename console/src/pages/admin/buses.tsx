import { useQuery } from '@tanstack/react-query'
import { Radio, Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction, type Outputs } from '#api'
import { ActionButton } from '#app'
import { fieldErrors } from '#forms'
import {
  Button,
  ButtonGroup,
  Confirm,
  Dialog,
  Empty,
  ErrorNote,
  Facts,
  Id,
  Loaded,
  Note,
  Section,
  StateBadge,
  TextArea,
  TextField,
  Time,
  visible,
} from '#ui'
import styles from './admin.module.css'
import { Table } from './table.tsx'
import { texts } from './texts.ts'

type Bus = Outputs['buses']['list']['items'][number]
type Name = Bus['name']

const titles: Readonly<Record<Name, string>> = { amqp: 'RabbitMQ', pulsar: 'Apache Pulsar', local: 'Inside the hub' }
/** No hint tells when a connection changes, because it is that of a process. */
const againMs = 3000

export function Buses() {
  const query = useQuery({ ...trpc.buses.list.queryOptions({}), refetchInterval: againMs })
  const messages = useQuery({ ...trpc.buses.messages.queryOptions({}), refetchInterval: againMs })
  return (
    <div className={styles.stack}>
      <p>{texts.busesAbout}</p>
      <Loaded query={query} rows={3}>
        {({ items }) => items.map((bus) => <OneBus key={bus.name} bus={bus} />)}
      </Loaded>
      <Section title={texts.busMessages}>
        <Loaded query={messages} rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={texts.noBusMessages}>{texts.noBusMessagesAbout}</Empty>
            ) : (
              <Table
                label={texts.busMessages}
                columns={['When', 'Bus', 'Topic', 'Key', 'Message', 'Bytes', 'Outcome']}
                rows={items}
                keyOf={({ at, id, topic }) => `${at} ${id ?? ''} ${topic}`}
                cells={({ at, bus, direction, topic, key, id, bytes, outcome }) => [
                  <Time key="at" at={at} />,
                  titles[bus],
                  visible(topic),
                  visible(key ?? ''),
                  id === null ? '' : <Id key="id">{id}</Id>,
                  bytes,
                  <StateBadge key="outcome" state={outcome ?? (direction === 'out' ? 'sent' : 'received')} />,
                ]}
              />
            )
          }
        </Loaded>
      </Section>
    </div>
  )
}

function OneBus({ bus }: { readonly bus: Bus }) {
  const { name, status, since, problem, events, waiting, oldest_waiting_at: oldest } = bus
  const [open, setOpen] = useState<'publish' | 'remove'>()
  const ping = useQuery({ ...trpc.buses.ping.queryOptions({ name }), enabled: false, retry: false })
  const remove = useAction(trpc.buses.remove, { done: 'The bus is forgotten.', onDone: () => setOpen(undefined) })
  return (
    <Section
      title={titles[name]}
      actions={
        <ButtonGroup>
          <ActionButton
            action={{
              label: `Ping ${titles[name]}`,
              face: 'Ping',
              operation: 'buses.ping',
              icon: <Radio aria-hidden />,
              isBusy: ping.isFetching,
              run: () => void ping.refetch(),
            }}
          />
          <ActionButton
            action={{
              label: `Publish to ${titles[name]}`,
              face: 'Publish',
              operation: 'buses.publish',
              icon: <Send aria-hidden />,
              run: () => setOpen('publish'),
            }}
          />
          {status === 'elsewhere' ? (
            <ActionButton
              action={{
                label: `Forget ${titles[name]}`,
                face: 'Forget',
                operation: 'buses.remove',
                icon: <Trash2 aria-hidden />,
                run: () => setOpen('remove'),
              }}
            />
          ) : null}
        </ButtonGroup>
      }
    >
      {problem === null ? null : <Note tone={status === 'connected' ? 'waiting' : 'failed'}>{visible(problem)}</Note>}
      {ping.error ? <ErrorNote error={ping.error} /> : ping.data ? <Note tone="ok">{texts.busAnswered(ping.data.ms)}</Note> : null}
      <Facts
        of={[
          ['State', <StateBadge key="state" state={status} />],
          ['Since', since === null ? undefined : <Time key="since" at={since} />],
          ['Waiting events', waiting],
          ['The oldest waits since', oldest === null ? undefined : <Time key="oldest" at={oldest} />],
          ['Publishes', events.length === 0 ? undefined : events.map(visible).join(', ')],
        ]}
      />
      {open === 'publish' ? <Publish name={name} onClose={() => setOpen(undefined)} /> : null}
      <Confirm
        title={`Forget ${titles[name]}?`}
        isOpen={open === 'remove'}
        isDanger
        action="Forget"
        isBusy={remove.isPending}
        onClose={() => setOpen(undefined)}
        onConfirm={() => remove.mutate({ name })}
      >
        {texts.busForget}
        {remove.error ? <ErrorNote error={remove.error} /> : null}
      </Confirm>
    </Section>
  )
}

function Publish({ name, onClose }: { readonly name: Name; readonly onClose: () => void }) {
  const [topic, setTopic] = useState('')
  const [key, setKey] = useState('')
  const [content, setContent] = useState('{}')
  const [fault, setFault] = useState<string>()
  const publish = useAction(trpc.buses.publish, { done: 'The broker has confirmed the message.', onDone: onClose })
  const errors = publish.error ? fieldErrors(publish.error) : {}
  const send = (): void => {
    try {
      const data: unknown = JSON.parse(content)
      setFault(undefined)
      publish.mutate({ name, topic, data, ...(key === '' ? {} : { key }) })
    } catch (error) {
      setFault(texts.noJson((error as Error).message))
    }
  }
  return (
    <Dialog
      title={name === 'local' ? 'Publish inside the hub' : `Publish to ${titles[name]}`}
      isOpen
      onClose={onClose}
      actions={
        <Button kind="main" isBusy={publish.isPending} onClick={send}>
          Publish
        </Button>
      }
    >
      <TextField label="Topic" value={topic} onValue={setTopic} error={errors['topic']} />
      <TextField label="Key" about="Messages with the same key keep their order." value={key} onValue={setKey} error={errors['key']} />
      <TextArea label="Content" value={content} onValue={setContent} error={fault ?? errors['data']} />
    </Dialog>
  )
}
