import { useState } from 'react'
import { trpc, useAction } from '#api'
import { useOpen } from '#app'
import { Button, Dialog, ErrorNote, Id, OperationButton, SelectField } from '#ui'
import { fieldErrors, type FieldErrors } from '../../forms/index.ts'
import { EndpointFields, inputOf, newEndpoint } from './endpoint-form.tsx'
import styles from './endpoints.module.css'
import { texts } from './texts.ts'

const none: FieldErrors = {}
type Signature = keyof typeof texts.signatures

/** Adds an endpoint, and shows its secret once. */
export function CreateDialog({ onClose }: { onClose(): void }) {
  const { open } = useOpen('endpoints')
  const [values, setValues] = useState(newEndpoint)
  const [signature, setSignature] = useState<Signature>('v1')
  const create = useAction(trpc.endpoints.create, { done: texts.created, isErrorShown: true })
  const made = create.data
  if (made)
    return (
      <SecretDialog
        secret={made.secret}
        publicKey={made.public_key}
        onClose={() => {
          onClose()
          setTimeout(() => open(made.id))
        }}
      />
    )
  const submit = (): void => create.mutate({ ...inputOf(values), signature })
  return (
    <Dialog
      title={texts.create}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{texts.cancel}</Button>
          <OperationButton operation="endpoints.create" kind="main" isBusy={create.isPending} onClick={submit}>
            {texts.create}
          </OperationButton>
        </>
      }
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {create.error ? <ErrorNote error={create.error} /> : null}
        <EndpointFields values={values} onValues={setValues} errors={create.error ? fieldErrors(create.error) : none} />
        <SelectField
          label={texts.signature}
          value={signature}
          options={Object.entries(texts.signatures).map(([value, label]) => ({ value, label }))}
          onValue={(next) => setSignature(next as Signature)}
        />
      </form>
    </Dialog>
  )
}

interface SecretProps {
  readonly secret: string | null
  readonly publicKey: string | null
  onClose(): void
}

/** What the receiver verifies with: the secret, which is shown this once, or the public key. */
export function SecretDialog({ secret, publicKey, onClose }: SecretProps) {
  return (
    <Dialog
      title={texts.secretTitle}
      isOpen
      isKept
      onClose={onClose}
      actions={
        <Button kind="main" onClick={onClose}>
          {texts.close}
        </Button>
      }
    >
      <div className={styles.stack}>
        <p>{secret === null ? texts.publicKeyAbout : texts.secretAbout}</p>
        <Id>{secret ?? publicKey ?? ''}</Id>
      </div>
    </Dialog>
  )
}
