import { useState } from 'react'
import { trpc, useAction } from '#api'
import { useOpen } from '#app'
import { Button, Dialog, Id, SelectField } from '#ui'
import { fieldErrors, FormDialog, type FieldErrors } from '#forms'
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
  return (
    <FormDialog
      title={texts.create}
      operation="endpoints.create"
      action={texts.create}
      error={create.error}
      isBusy={create.isPending}
      onClose={onClose}
      onSubmit={() => create.mutate({ ...inputOf(values), signature })}
    >
      <EndpointFields values={values} onValues={setValues} errors={create.error ? fieldErrors(create.error) : none} />
      <SelectField
        label={texts.signature}
        value={signature}
        options={Object.entries(texts.signatures).map(([value, label]) => ({ value, label }))}
        onValue={(next) => setSignature(next as Signature)}
      />
    </FormDialog>
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
