import { useMemo, useState } from 'react'
import { parseDocument } from 'yaml'
import { trpc, useAction, type Outputs } from '#api'
import { ThingLink } from '#app'
import { useReadable, type Schema, type Values } from '#forms'
import { Button, Dialog, ErrorNote, Json, OperationButton, StateBadge, visible } from '#ui'
import styles from './flows.module.css'
import { hasFields, ParameterFields } from './parameter-fields.tsx'
import { texts } from './texts.ts'

type DryRun = Outputs['flows']['dry_run']

interface DryRunDialogProps {
  /** What is in the editor. */
  readonly text: string
  onClose(): void
}

/** Asks for the parameters that the text declares, dry-runs it unsaved, and shows what each step would do. */
export function DryRunDialog({ text, onClose }: DryRunDialogProps) {
  const [values, setValues] = useState<Values>({})
  const { blocked, report } = useReadable()
  const schema = useMemo(() => parametersOf(text), [text])
  const dryRun = useAction(trpc.flows.dry_run, {})
  return (
    <Dialog
      title={texts.dryRunTitle}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <OperationButton
            operation="flows.dry_run"
            kind="main"
            blocked={blocked}
            isBusy={dryRun.isPending}
            onClick={() => dryRun.mutate({ source: text, parameters: { ...values } })}
          >
            Start the dry run
          </OperationButton>
        </>
      }
    >
      <p className={styles.muted}>{texts.dryRunUnsaved}</p>
      {schema === null || hasFields(schema) ? null : <p className={styles.muted}>{texts.noParameters}</p>}
      <ParameterFields schema={schema} values={values} onValues={setValues} error={dryRun.error} report={report} />
      {dryRun.error ? <ErrorNote error={dryRun.error} /> : null}
      {dryRun.data && !dryRun.isPending ? <Result run={dryRun.data} /> : null}
    </Dialog>
  )
}

/** Null where the text has none, or cannot be read. */
function parametersOf(text: string): Schema | null {
  const document = parseDocument(text)
  if (document.errors.length > 0) return null
  const definition = valueOf(document)
  const parameters = typeof definition === 'object' && definition !== null ? (definition as { parameters?: unknown }).parameters : undefined
  return typeof parameters === 'object' ? parameters : null
}

/** Too many aliases, which could stand for a text of any length, are refused. */
function valueOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch {
    return undefined
  }
}

function Result({ run }: { readonly run: DryRun }) {
  return (
    <section aria-label="Result of the dry run">
      <p>
        <StateBadge state={run.status} /> <ThingLink id={run.id}>Open it as a run</ThingLink>
      </p>
      {run.error === null ? null : (
        <ErrorNote error={{ code: String(run.error['code']), detail: visible(String(run.error['message'])), hint: undefined }} />
      )}
      <ol className={styles.dryRunSteps}>
        {run.steps.map(({ path, status, output }) => (
          <li key={path}>
            <p>
              <code>{visible(path)}</code> <StateBadge state={status} />
            </p>
            <Json value={output} label={`What ${path} gives`} fileName={path} />
          </li>
        ))}
      </ol>
    </section>
  )
}
