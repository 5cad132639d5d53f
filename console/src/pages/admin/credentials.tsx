import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction } from '#api'
import { ActionButton, useLive } from '#app'
import { fieldErrors } from '#forms'
import { Button, Confirm, Dialog, Empty, ErrorNote, Loaded, OperationButton, Section, TextField, Time, visible } from '#ui'
import { Table } from './table.tsx'
import { texts } from './texts.ts'

const kinds = ['credential'] as const

export function Credentials() {
  const options = trpc.credentials.list.queryOptions({})
  const query = useQuery(options)
  useLive(kinds, options.queryKey)
  const [editing, setEditing] = useState<string>()
  const [deleting, setDeleting] = useState<string>()
  const remove = useAction(trpc.credentials.delete, { done: 'The credential is deleted.', onDone: () => setDeleting(undefined) })
  return (
    <Section
      title={texts.credentials}
      actions={
        <ActionButton
          action={{
            label: texts.setCredential,
            operation: 'credentials.set',
            kind: 'main',
            icon: <Plus aria-hidden />,
            run: () => setEditing(''),
          }}
        />
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={texts.noCredentials}>{texts.noCredentialsAbout}</Empty>
          ) : (
            <Table
              label={texts.credentials}
              columns={['Name', 'For', 'Version', 'Changed', 'Action']}
              rows={items}
              keyOf={({ name }) => name}
              cells={({ name, kind, version, updated_at: at }) => [
                visible(name),
                visible(kind ?? ''),
                version,
                <Time key="at" at={at} />,
                <span key="actions">
                  <OperationButton operation="credentials.set" onClick={() => setEditing(name)}>
                    Replace<span className="hidden-visually">{` ${name}`}</span>
                  </OperationButton>{' '}
                  <OperationButton operation="credentials.delete" onClick={() => setDeleting(name)}>
                    Delete<span className="hidden-visually">{` ${name}`}</span>
                  </OperationButton>
                </span>,
              ]}
            />
          )
        }
      </Loaded>
      {editing === undefined ? null : <SetCredential name={editing} onClose={() => setEditing(undefined)} />}
      <Confirm
        title={`Delete ${deleting ?? ''}?`}
        isOpen={deleting !== undefined}
        isDanger
        action="Delete"
        isBusy={remove.isPending}
        onClose={() => setDeleting(undefined)}
        onConfirm={() => deleting !== undefined && remove.mutate({ name: deleting })}
      >
        <p>{texts.deleteCredential}</p>
      </Confirm>
    </Section>
  )
}

function SetCredential({ name: given, onClose }: { readonly name: string; onClose(): void }) {
  const [name, setName] = useState(given)
  const [fields, setFields] = useState([{ field: '', value: '' }])
  const set = useAction(trpc.credentials.set, { done: 'The credential is stored.', onDone: onClose })
  const errors = set.error ? fieldErrors(set.error) : {}
  const change = (index: number, part: Partial<(typeof fields)[number]>): void =>
    setFields(fields.map((one, at) => (at === index ? { ...one, ...part } : one)))
  return (
    <Dialog
      title={given === '' ? texts.setCredential : `Replace ${given}`}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="main"
            isBusy={set.isPending}
            onClick={() =>
              set.mutate({
                name,
                data: Object.fromEntries(fields.filter(({ field }) => field !== '').map(({ field, value }) => [field, value])),
              })
            }
          >
            Store
          </Button>
        </>
      }
    >
      {set.error ? <ErrorNote error={set.error} /> : null}
      <p>{texts.credentialAbout}</p>
      {given === '' ? <TextField label="Name" required value={name} onValue={setName} error={errors['name']} /> : null}
      {fields.map(({ field, value }, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the fields have no other name yet.
        <div key={index}>
          <TextField label={`Field ${index + 1}`} placeholder="token" value={field} onValue={(next) => change(index, { field: next })} />
          <TextField
            label={`Value ${index + 1}`}
            type="password"
            autoComplete="new-password"
            value={value}
            onValue={(next) => change(index, { value: next })}
          />
        </div>
      ))}
      <Button onClick={() => setFields([...fields, { field: '', value: '' }])}>Add a field</Button>
    </Dialog>
  )
}
