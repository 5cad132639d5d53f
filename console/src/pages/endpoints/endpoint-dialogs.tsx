import { useState } from 'react'
import { trpc, useAction } from '#api'
import { Button, Confirm, Dialog, ErrorNote, Note, OperationButton, SelectField } from '#ui'
import { fieldErrors, FormDialog } from '#forms'
import { SecretDialog } from './create-dialog.tsx'
import { EndpointFields, inputOf, valuesOf } from './endpoint-form.tsx'
import styles from './endpoints.module.css'
import type { Endpoint } from './state.ts'
import { texts } from './texts.ts'

export type Edit = 'change' | 'rotate' | 'replay' | 'remove'

interface EditProps {
  readonly edit: Edit
  readonly endpoint: Endpoint
  onClose(): void
  onRemoved(): void
}

export function EndpointDialog(props: EditProps) {
  switch (props.edit) {
    case 'change':
      return <Change {...props} />
    case 'rotate':
      return <Rotate {...props} />
    case 'replay':
      return <Replay {...props} />
    case 'remove':
      return <Remove {...props} />
    default:
      return props.edit satisfies never
  }
}

function Change({ endpoint, onClose }: EditProps) {
  const [values, setValues] = useState(valuesOf(endpoint))
  const save = useAction(trpc.endpoints.update, { done: texts.saved, onDone: onClose, isErrorShown: true })
  return (
    <FormDialog
      title={texts.edit}
      operation="endpoints.update"
      action={texts.save}
      error={save.error}
      isBusy={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate({ id: endpoint.id, ...inputOf(values) })}
    >
      <EndpointFields values={values} onValues={setValues} errors={fieldErrors(save.error)} />
    </FormDialog>
  )
}

function Rotate({ endpoint: { id }, onClose }: EditProps) {
  const rotate = useAction(trpc.endpoints.rotate)
  if (rotate.data) return <SecretDialog secret={rotate.data.secret} publicKey={rotate.data.public_key} onClose={onClose} />
  return (
    <Confirm
      title={texts.rotateTitle}
      isOpen
      onClose={onClose}
      action={texts.rotate}
      isBusy={rotate.isPending}
      onConfirm={() => rotate.mutate({ id })}
    >
      <p>{texts.rotateAbout}</p>
    </Confirm>
  )
}

const ranges = [
  { value: '-1h', label: 'the last hour' },
  { value: '-24h', label: 'the last 24 hours' },
  { value: '-7d', label: 'the last 7 days' },
  { value: '-30d', label: 'the last 30 days' },
]

function Replay({ endpoint: { id }, onClose }: EditProps) {
  const [from, setFrom] = useState('-24h')
  const [count, setCount] = useState(0)
  const replay = useAction(trpc.endpoints.replay, {
    onDone: ({ replayed }) => setCount((before) => before + replayed),
    isErrorShown: true,
  })
  const next = replay.data?.next ?? undefined
  const isDone = replay.data !== undefined && next === undefined
  return (
    <Dialog
      title={texts.replay}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{isDone ? texts.close : texts.cancel}</Button>
          {isDone ? null : (
            <OperationButton
              operation="endpoints.replay"
              kind="main"
              isBusy={replay.isPending}
              onClick={() => replay.mutate({ id, from, ...(next === undefined ? {} : { after: next }) })}
            >
              {next === undefined ? texts.send : texts.goOn}
            </OperationButton>
          )}
        </>
      }
    >
      <div className={styles.stack}>
        <p className={styles.muted}>{texts.replayAbout}</p>
        {replay.error ? <ErrorNote error={replay.error} /> : null}
        {replay.data === undefined ? (
          <SelectField label={texts.replayFrom} value={from} options={ranges} onValue={setFrom} />
        ) : (
          <Note tone="ok">{`${texts.replayed(count)} ${next === undefined ? '' : texts.replayMore}`}</Note>
        )}
      </div>
    </Dialog>
  )
}

function Remove({ endpoint: { id, url }, onClose, onRemoved }: EditProps) {
  const remove = useAction(trpc.endpoints.delete, { done: texts.removed, onDone: onRemoved })
  return (
    <Confirm
      title={texts.removeTitle}
      isOpen
      onClose={onClose}
      action={texts.remove}
      isDanger
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ id })}
    >
      <p>{url}</p>
      <p>{texts.removeAbout}</p>
    </Confirm>
  )
}
