import { useMemo, useState } from 'react'
import { parseDocument } from 'yaml'
import { isRecord } from '../../../../src/lib/is-record.ts'
import { trpc, useAction, type Outputs } from '#api'
import { ThingLink } from '#app'
import { useReadable, type Schema, type Values } from '#forms'
import { Button, Dialog, ErrorNote, Json, Note, OperationButton, StateBadge, visible } from '#ui'
import { FillFrom } from './fill-from.tsx'
import styles from './flows.module.css'
import { hasFields, ParameterFields } from './parameter-fields.tsx'
import { texts } from './texts.ts'

type DryRun = Outputs['flows']['dry_run']

interface DryRunDialogProps {
  /** What is in the editor. */
  readonly text: string
  /** Of the saved flow that the text belongs to. */
  readonly flowId: string | undefined
  onClose(): void
}

/** Asks for the parameters that the text declares, dry-runs it unsaved, and shows what each step would do. */
export function DryRunDialog({ text, flowId, onClose }: DryRunDialogProps) {
  const [values, setValues] = useState<Values>({})
  const [filled, setFilled] = useState(0)
  const [left, setLeft] = useState<readonly string[]>([])
  const { blocked, report } = useReadable()
  const { schema, starts } = useMemo(() => declaredBy(text), [text])
  const dryRun = useAction(trpc.flows.dry_run, {})
  const fill = (next: Values, missing: readonly string[] = []): void => {
    setValues(next)
    setLeft(missing)
    setFilled(filled + 1)
  }
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
      <FillFrom flowId={flowId} starts={starts} onFill={fill} />
      {left.length === 0 ? null : <Note>{texts.notFilled(left.join(', '))}</Note>}
      <ParameterFields schema={schema} values={values} onValues={setValues} error={dryRun.error} report={report} filled={filled} />
      {dryRun.error ? <ErrorNote error={dryRun.error} /> : null}
      {dryRun.data && !dryRun.isPending ? <Result run={dryRun.data} /> : null}
    </Dialog>
  )
}

interface Declared {
  readonly schema: Schema | null
  readonly starts: readonly Readonly<Record<string, unknown>>[]
}

/** The parameters that a text declares and what starts it; nothing where it cannot be read. */
function declaredBy(text: string): Declared {
  const document = parseDocument(text)
  const definition = document.errors.length > 0 ? undefined : valueOf(document)
  if (!isRecord(definition)) return { schema: null, starts: [] }
  const { parameters, on } = definition
  return { schema: isRecord(parameters) ? parameters : null, starts: Array.isArray(on) ? on.filter(isRecord) : [] }
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
