import { useState } from 'react'
import { trpc, useAction } from '#api'
import { useSetSearch } from '#app'
import { Button, Dialog, ErrorNote, Note, OperationButton, visible } from '#ui'
import { useReadable, type Schema, type Values } from '#forms'
import { FillFrom } from './fill-from.tsx'
import type { WholeFlow } from './flow-state.ts'
import styles from './flows.module.css'
import { hasFields, ParameterFields } from './parameter-fields.tsx'
import { texts } from './texts.ts'

interface RunDialogProps {
  readonly flow: WholeFlow
  readonly isDryRun: boolean
  /** The text in the editor is not what will run. */
  readonly isChanged: boolean
  onClose(): void
}

/** Asks for the parameters, filled from the last run or from an event that came in, and starts the flow. */
export function RunDialog({ flow, isDryRun, isChanged, onClose }: RunDialogProps) {
  const setSearch = useSetSearch()
  const [values, setValues] = useState<Values>({})
  const [filled, setFilled] = useState(0)
  const [left, setLeft] = useState<readonly string[]>([])
  const { blocked, report } = useReadable()
  const trigger = useAction(trpc.flows.trigger, {
    done: isDryRun ? 'The dry run has started' : 'The flow has started',
    onDone: (started) => {
      onClose()
      setSearch({ tab: undefined, run: 'run_id' in started ? started.run_id : started.id }, { isBack: true })
    },
  })
  const fill = (next: Values, missing: readonly string[] = []): void => {
    setValues(next)
    setLeft(missing)
    setFilled(filled + 1)
  }
  const schema = flow.parameters as Schema | null
  return (
    <Dialog
      title={`${isDryRun ? 'Dry run of' : 'Run'} ${visible(flow.name ?? flow.id)}`}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <OperationButton
            operation="flows.trigger"
            kind="main"
            blocked={blocked}
            isBusy={trigger.isPending}
            onClick={() => trigger.mutate({ id: flow.id, parameters: { ...values }, dry_run: isDryRun })}
          >
            {isDryRun ? 'Start the dry run' : 'Run'}
          </OperationButton>
        </>
      }
    >
      {isDryRun ? <p className={styles.muted}>{texts.dryRunAbout}</p> : null}
      {isChanged ? <Note tone="waiting">{texts.runsSaved(flow.version)}</Note> : null}
      {schema === null || hasFields(schema) ? null : <p className={styles.muted}>{texts.noParameters}</p>}
      <FillFrom flowId={flow.flow_id} starts={flow.on} onFill={fill} />
      {left.length === 0 ? null : <Note>{texts.notFilled(left.join(', '))}</Note>}
      <ParameterFields schema={schema} values={values} onValues={setValues} error={trigger.error} report={report} filled={filled} />
      {trigger.error && !hasFields(schema) ? <ErrorNote error={trigger.error} /> : null}
    </Dialog>
  )
}
