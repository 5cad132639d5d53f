import { useState } from 'react'
import { useNavigate } from '@tanstack/react-router'
import { trpc, useAction, type Outputs } from '#api'
import { Confirm, TextField } from '#ui'
import { fieldErrors, FormDialog, SchemaForm, type Values } from '#forms'
import type { Integration } from './state.ts'
import { texts } from './texts.ts'

export type Edit = 'name' | 'settings' | 'credential' | 'remove'

interface EditProps {
  readonly edit: Edit
  readonly integration: Integration
  readonly connector: Outputs['connectors']['get'] | undefined
  onClose(): void
  onRemoved(): void
}

/** Changes one thing of an integration. */
export function EditDialog(props: EditProps) {
  switch (props.edit) {
    case 'name':
      return <Rename {...props} />
    case 'settings':
      return <Settings {...props} />
    case 'credential':
      return <Credential {...props} />
    case 'remove':
      return <Remove {...props} />
    default:
      return props.edit satisfies never
  }
}

function Rename({ integration: { id, name }, onClose }: EditProps) {
  const navigate = useNavigate()
  const [next, setNext] = useState(name)
  const save = useAction(trpc.integrations.update, {
    done: texts.renamed,
    isErrorShown: true,
    onDone: (changed) => {
      onClose()
      void navigate({ to: `/integrations/${encodeURIComponent(changed.name)}`, search: true, replace: true } as never)
    },
  })
  return (
    <FormDialog
      operation="integrations.update"
      action={texts.save}
      title={texts.rename}
      about={texts.renameAbout}
      error={save.error}
      isBusy={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate({ id, name: next })}
    >
      <TextField label={texts.name} required value={next} onValue={setNext} />
    </FormDialog>
  )
}

function Settings({ integration: { id, config }, connector, onClose }: EditProps) {
  const [values, setValues] = useState<Values>(config)
  const save = useAction(trpc.integrations.update, { done: texts.settingsSaved, onDone: onClose, isErrorShown: true })
  // A field that was emptied is removed by null.
  const removed = Object.fromEntries(
    Object.keys(config)
      .filter((field) => !(field in values))
      .map((field) => [field, null]),
  )
  return (
    <FormDialog
      operation="integrations.update"
      action={texts.save}
      title={texts.settingsEdit}
      error={save.error}
      isBusy={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate({ id, config: { ...values, ...removed } })}
    >
      {connector ? (
        <SchemaForm schema={connector.config_schema} values={values} onValues={setValues} errors={fieldErrors(save.error, 'config')} />
      ) : null}
    </FormDialog>
  )
}

function Credential({ integration: { id, auth_type: type }, connector, onClose }: EditProps) {
  const [values, setValues] = useState<Values>({})
  const save = useAction(trpc.integrations.update, { done: texts.credentialSaved, onDone: onClose, isErrorShown: true })
  const method = connector?.auth.find((one) => one.type === type)
  return (
    <FormDialog
      operation="integrations.update"
      action={texts.save}
      title={texts.credential}
      about={texts.credentialAbout}
      error={save.error}
      isBusy={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate({ id, credential: values as Record<string, string> })}
    >
      {method ? (
        <SchemaForm schema={method.fields_schema} values={values} onValues={setValues} errors={fieldErrors(save.error, 'credential')} />
      ) : null}
    </FormDialog>
  )
}

function Remove({ integration: { id, name }, onClose, onRemoved }: EditProps) {
  const remove = useAction(trpc.integrations.delete, { done: texts.removed(name), onDone: onRemoved })
  return (
    <Confirm
      title={texts.removeTitle(name)}
      isOpen
      onClose={onClose}
      action={`${texts.remove} ${name}`}
      isDanger
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ id })}
    >
      <p>{texts.removeAbout}</p>
    </Confirm>
  )
}
