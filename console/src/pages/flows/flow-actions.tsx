import { useNavigate } from '@tanstack/react-router'
import { CheckCheck, FlaskConical, Play, Save } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { trpc, useAction, useMissing } from '#api'
import { ActionButton, ActionMenu, useSetSearch } from '#app'
import { Confirm } from '#ui'
import type { WholeFlow } from './flow-state.ts'
import { RunDialog } from './run-dialog.tsx'
import { texts } from './texts.ts'
import type { Edit } from './use-edit.ts'

const DryRunDialog = lazy(() => import('./dry-run-dialog.tsx').then((loaded) => ({ default: loaded.DryRunDialog })))

/** Tries the text in the editor, which need not be saved. */
export function DryRunButton({ text, flowId }: { readonly text: string; readonly flowId?: string | undefined }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <ActionButton
        action={{ label: 'Dry run', operation: 'flows.dry_run', icon: <FlaskConical aria-hidden />, run: () => setOpen(true) }}
      />
      {isOpen ? (
        <Suspense>
          <DryRunDialog text={text} flowId={flowId} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  )
}

export function SaveButton({ edit }: { readonly edit: Edit }) {
  const next = edit.saved.version + 1
  return (
    <ActionButton
      action={{
        label: edit.saved.version === 0 ? 'Save' : `Save as v${next}`,
        operation: 'flows.save',
        kind: edit.isChanged || edit.saved.version === 0 ? 'main' : 'plain',
        icon: <Save aria-hidden />,
        isBusy: edit.isSaving,
        blocked: edit.isChanged || edit.saved.version === 0 ? undefined : texts.noChange,
        run: () => edit.save(),
      }}
    />
  )
}

type Asked = 'run' | 'dry-run'

/** What can be done with a flow: check, run and save it; in the menu, switch, adopt and delete it. */
export function FlowActions({ flow, edit }: { readonly flow: WholeFlow; readonly edit: Edit }) {
  const [asked, setAsked] = useState<Asked>()
  return (
    <>
      <ActionButton
        action={{ label: 'Check', operation: 'flows.check', icon: <CheckCheck aria-hidden />, isBusy: edit.isChecking, run: edit.checkNow }}
      />
      {edit.isChanged ? (
        <DryRunButton text={edit.text} flowId={flow.flow_id} />
      ) : (
        <ActionButton
          action={{ label: 'Dry run', operation: 'flows.trigger', icon: <FlaskConical aria-hidden />, run: () => setAsked('dry-run') }}
        />
      )}
      <ActionButton
        action={{
          label: 'Run',
          operation: 'flows.trigger',
          icon: <Play aria-hidden />,
          kind: edit.isChanged ? 'plain' : 'main',
          blocked: flow.enabled ? undefined : 'The flow is off',
          run: () => setAsked('run'),
        }}
      />
      <SaveButton edit={edit} />
      <MoreMenu flow={flow} />
      {asked === undefined ? null : (
        <RunDialog flow={flow} isDryRun={asked === 'dry-run'} isChanged={edit.isChanged} onClose={() => setAsked(undefined)} />
      )}
    </>
  )
}

function MoreMenu({ flow }: { readonly flow: WholeFlow }) {
  const { id, enabled, origin } = flow
  const navigate = useNavigate()
  const setSearch = useSetSearch()
  const [isDeleting, setDeleting] = useState(false)
  const missing = useMissing('flows.update')
  const blocked = missing === undefined ? undefined : `You lack the scope ${missing}`
  const update = useAction(trpc.flows.update, { done: (saved) => (saved.enabled ? 'The flow is on' : 'The flow is off') })
  const adopt = useAction(trpc.flows.adopt, { done: 'The flow runs with your rights' })
  const remove = useAction(trpc.flows.delete, { done: 'The flow is deleted', onDone: () => void navigate({ to: '/flows' }) })
  return (
    <>
      <ActionMenu
        label="More"
        items={[
          { label: enabled ? 'Turn off' : 'Turn on', blocked, onSelect: () => update.mutate({ id, enabled: !enabled }) },
          {
            label: 'Adopt: run with my rights',
            blocked: blocked ?? (origin === 'bundled' ? texts.bundled : undefined),
            onSelect: () => adopt.mutate({ id }),
          },
          { label: 'How it starts', onSelect: () => setSearch({ tab: 'starts' }, { isBack: true }) },
          {
            label: 'Delete …',
            blocked: blocked ?? (origin === 'bundled' ? `${texts.bundled} Turn it off instead.` : undefined),
            onSelect: () => setDeleting(true),
          },
        ]}
      />
      <Confirm
        title={texts.deleteTitle}
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        action={`Delete ${id}`}
        isDanger
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate({ id })}
      >
        <p>{texts.deleteAbout(flow.name ?? id)}</p>
      </Confirm>
    </>
  )
}
