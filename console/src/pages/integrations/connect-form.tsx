import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { trpc, useAction } from '#api'
import type { Search } from '#app'
import { fieldErrors, Readable, SchemaForm, useReadable, type FieldErrors, type Values } from '#forms'
import { ButtonGroup, ErrorNote, OperationButton, SelectField, TextField, visible } from '#ui'
import styles from './integrations.module.css'
import type { Connector } from './state.ts'
import { texts } from './texts.ts'

const none: FieldErrors = {}

interface Way {
  readonly id: string
  readonly label: string
  readonly type: string
  /** A person allows it in the next step, so nothing is typed here. */
  readonly isAllowed: boolean
}

type Method = Connector['auth'][number]

/** What a person allows is no value that they have; an app may be allowed on its pages or be described by its values. */
function waysOf({ type, title, oauth, fields_schema: fields }: Method): readonly Way[] {
  const values = { id: type, label: title, type, isAllowed: false }
  if (oauth === null) return [values]
  const allowed = { id: `${type} allowed`, label: texts.allowed(title), type, isAllowed: true }
  return Object.hasOwn(fields['properties'] ?? {}, 'access_token') ? [allowed] : [allowed, values]
}

/** The form of a new integration: its name, how it signs in, and its settings. */
export function ConnectForm({ connector }: { readonly connector: Connector }) {
  const navigate = useNavigate()
  const ways = useMemo(() => connector.auth.flatMap(waysOf), [connector])
  const [name, setName] = useState(connector.name)
  const [wayId, setWay] = useState(ways[0]?.id)
  const [config, setConfig] = useState<Values>({})
  const [credential, setCredential] = useState<Values>({})
  const { type = '', isAllowed = false } = ways.find(({ id }) => id === wayId) ?? {}
  const method = connector.auth.find((one) => one.type === type)
  const create = useAction(trpc.integrations.create, {
    done: texts.created(name),
    isErrorShown: true,
    onDone: (made) =>
      void navigate({
        to: `/integrations/${encodeURIComponent(made.name)}`,
        search: (before: Search) => ({ ...before, connect: undefined, tab: undefined, test: isAllowed ? undefined : 'now' }),
      } as never),
  })
  const errors = create.error ? fieldErrors(create.error, 'config', 'credential') : none
  const { blocked, report } = useReadable()
  const submit = (): void =>
    create.mutate({
      integration_type: connector.name,
      name,
      ...(type === '' ? {} : { auth_type: type }),
      ...(Object.keys(config).length === 0 ? {} : { config }),
      ...(isAllowed || Object.keys(credential).length === 0 ? {} : { credential: credential as Record<string, string> }),
    })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (blocked === undefined) submit()
      }}
    >
      <p className={styles.muted}>{visible(connector.connect)}</p>
      {create.error ? <ErrorNote error={create.error} /> : null}
      <TextField label={texts.name} about={texts.nameAbout} required error={errors['name']} value={name} onValue={setName} />
      {ways.length > 1 ? (
        <SelectField
          label={texts.method}
          value={wayId ?? ''}
          options={ways.map(({ id, label }) => ({ value: id, label }))}
          onValue={(next) => {
            setWay(next)
            setCredential({})
          }}
        />
      ) : null}
      <Readable report={report}>
        {isAllowed ? (
          <p className={styles.muted}>{texts.byOAuth}</p>
        ) : method ? (
          <SchemaForm schema={method.fields_schema} values={credential} onValues={setCredential} errors={errors} />
        ) : null}
        <SchemaForm schema={connector.config_schema} values={config} onValues={setConfig} errors={errors} />
      </Readable>
      <ButtonGroup>
        <OperationButton operation="integrations.create" kind="main" type="submit" blocked={blocked} isBusy={create.isPending}>
          {isAllowed ? texts.next : texts.create}
        </OperationButton>
      </ButtonGroup>
    </form>
  )
}
