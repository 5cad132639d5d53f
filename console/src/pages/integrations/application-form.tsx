import { useState } from 'react'
import { trpc, useAction, type Outputs } from '#api'
import { ButtonGroup, Card, OperationButton, TextField } from '#ui'
import { titleOf } from '#forms'
import styles from './integrations.module.css'
import { oauthTexts as texts } from './texts.ts'

type Setup = NonNullable<Outputs['integrations']['setup']['oauth']>

/** Stores the application that the outside system knows the hub by. */
export function ApplicationForm({ setup: { credential, fields, variables } }: { readonly setup: Setup }) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const save = useAction(trpc.credentials.set, { done: texts.applicationSaved, onDone: () => setValues({}) })
  return (
    <Card>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ name: credential, data: values })
        }}
      >
        <p className={styles.muted}>{texts.applicationAbout(credential)}</p>
        {fields.map((field) => (
          <TextField
            key={field}
            label={titleOf(field, {})}
            required
            type={field === 'client_id' ? 'text' : 'password'}
            autoComplete={field === 'client_id' ? 'off' : 'new-password'}
            value={values[field] ?? ''}
            onValue={(value) => setValues({ ...values, [field]: value })}
          />
        ))}
        {variables.length === 0 ? null : <p className={styles.muted}>{texts.variables(variables)}</p>}
        <ButtonGroup>
          <OperationButton operation="credentials.set" type="submit" isBusy={save.isPending}>
            {texts.application}
          </OperationButton>
        </ButtonGroup>
      </form>
    </Card>
  )
}
