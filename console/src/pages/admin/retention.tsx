import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { trpc, useAction, type Outputs } from '#api'
import { fieldErrors } from '#forms'
import { Loaded, OperationButton, Section, TextField } from '#ui'
import styles from './admin.module.css'
import { texts } from './texts.ts'

type Kept = Outputs['retention']['get']

const fields: readonly { readonly name: keyof Kept; readonly label: string }[] = [
  { name: 'events_days', label: 'Days of events' },
  { name: 'events_bytes', label: 'Bytes of events' },
  { name: 'deliveries_days', label: 'Days of deliveries' },
  { name: 'runs_days', label: 'Days of runs' },
]

export function Retention() {
  const query = useQuery(trpc.retention.get.queryOptions({}))
  return (
    <Section title={texts.retention}>
      <p>{texts.retentionAbout}</p>
      <Loaded query={query} rows={4}>
        {(kept) => <Form key={JSON.stringify(kept)} kept={kept} />}
      </Loaded>
    </Section>
  )
}

function Form({ kept }: { readonly kept: Kept }) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(fields.map(({ name }) => [name, kept[name] === null ? '' : String(kept[name])])),
  )
  const save = useAction(trpc.retention.set, { done: texts.retentionSaved })
  const errors = save.error ? fieldErrors(save.error) : {}
  const numbers = Object.fromEntries(fields.map(({ name }) => [name, values[name] === '' ? null : Number(values[name])]))
  return (
    <div className={styles.form}>
      {fields.map(({ name, label }) => (
        <TextField
          key={name}
          label={label}
          inputMode="numeric"
          value={values[name] ?? ''}
          onValue={(value) => setValues({ ...values, [name]: value })}
          error={errors[name]}
        />
      ))}
      <OperationButton operation="retention.set" kind="main" isBusy={save.isPending} onClick={() => save.mutate(numbers)}>
        Save
      </OperationButton>
    </div>
  )
}
