import { Wand } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction, type Outputs } from '#api'
import { ActionButton } from '#app'
import { fieldErrors, FormDialog, SchemaForm, type Values } from '#forms'
import { LinkOut, Note, TextField, visible } from '#ui'
import styles from './integrations.module.css'
import { webhookTexts as texts } from './texts.ts'

type Result = Outputs['integrations']['setup_webhook']

interface SetUpProps {
  readonly name: string
  readonly schema: Readonly<Record<string, unknown>>
}

/** Has the hub create the webhook at the outside system. */
export function SetUp(props: SetUpProps) {
  const [isOpen, setOpen] = useState(false)
  const [made, setMade] = useState<Result>()
  return (
    <div className={styles.stack}>
      <div>
        <ActionButton
          action={{ label: texts.setUp, operation: 'integrations.setup_webhook', icon: <Wand aria-hidden />, run: () => setOpen(true) }}
        />
      </div>
      <div role="status">{made ? <Made made={made} /> : null}</div>
      {isOpen ? (
        <SetUpDialog
          {...props}
          onClose={() => setOpen(false)}
          onMade={(result) => {
            setMade(result)
            setOpen(false)
          }}
        />
      ) : null}
    </div>
  )
}

function Made({ made: { status, events, settings_url: settings } }: { readonly made: Result }) {
  return (
    <div className={styles.stack}>
      <Note tone="ok">
        {status === 'created' ? texts.setUpCreated : texts.setUpUpdated}{' '}
        {texts.setUpEvents(events.map((event) => visible(event)).join(', '))}
      </Note>
      {settings === null ? null : <LinkOut href={settings}>{texts.setUpOpen}</LinkOut>}
    </div>
  )
}

function SetUpDialog({ name, schema, onClose, onMade }: SetUpProps & { onClose(): void; onMade(made: Result): void }) {
  const [values, setValues] = useState<Values>({})
  const [url, setUrl] = useState('')
  const setUp = useAction(trpc.integrations.setup_webhook, { done: texts.setUpDone, isErrorShown: true, onDone: onMade })
  const errors = setUp.error ? fieldErrors(setUp.error, 'input') : {}
  return (
    <FormDialog
      title={texts.setUpTitle}
      about={texts.setUpAbout}
      operation="integrations.setup_webhook"
      action={texts.setUpAction}
      error={setUp.error}
      isBusy={setUp.isPending}
      onClose={onClose}
      onSubmit={() => setUp.mutate({ id: name, input: values, ...(url === '' ? {} : { url }) })}
    >
      <SchemaForm schema={schema} values={values} onValues={setValues} errors={errors} />
      <TextField label={texts.setUpUrl} about={texts.setUpUrlAbout} type="url" error={errors['url']} value={url} onValue={setUrl} />
    </FormDialog>
  )
}
