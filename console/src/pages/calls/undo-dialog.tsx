import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client, problemOf, trpc, useAction } from '#api'
import { ThingLink } from '#app'
import { Check, Confirm, EffectBadge, ErrorNote, Note, RequestView, Skeleton, visible } from '#ui'
import styles from './calls.module.css'
import { texts } from './texts.ts'

interface Preview {
  readonly tool: string
  readonly effect: string
  readonly integration: string | null
  readonly request: unknown
}

/** Shows the call that would undo another one, and makes it. */
export function UndoDialog({ id, onClose }: { readonly id: string; onClose(): void }) {
  const [force, setForce] = useState(false)
  const preview = useQuery({
    queryKey: ['undo', id, force],
    queryFn: () => client.invocations.undo.mutate({ id, force, dry_run: true }),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })
  const undo = useAction(trpc.invocations.undo, { done: texts.undone, onDone: onClose })
  const refusal = problemOf(preview.error).code
  const failed = undo.error ? problemOf(undo.error) : undefined
  return (
    <Confirm
      title={texts.undoTitle}
      isOpen
      onClose={onClose}
      action={texts.undoAction}
      isDanger={(preview.data?.output as Preview | undefined)?.effect === 'destroy'}
      isBusy={undo.isPending}
      blocked={preview.data === undefined ? 'It cannot be undone now' : undefined}
      onConfirm={() => undo.mutate({ id, force })}
    >
      <div className={styles.part}>
        {preview.error ? <ErrorNote error={preview.error} /> : null}
        {preview.isPending ? <Skeleton rows={3} /> : null}
        {preview.data && !preview.error ? <WouldDo preview={preview.data.output as Preview} /> : null}
        {refusal === 'undo_conflict' || force ? <Check label={texts.undoForce} isOn={force} onValue={setForce} /> : null}
        {failed?.approvalId === undefined ? null : (
          <Note tone="asks">
            {texts.undoAsks} <ThingLink id={failed.approvalId}>{texts.openApproval}</ThingLink>
          </Note>
        )}
      </div>
    </Confirm>
  )
}

function WouldDo({ preview: { tool, effect, integration, request } }: { readonly preview: Preview }) {
  return (
    <>
      <p>{texts.undoWould}</p>
      <p>
        <strong>{visible(tool)}</strong> <EffectBadge effect={effect} /> {integration === null ? '' : visible(integration)}
      </p>
      {request === null ? null : <RequestView request={request} />}
    </>
  )
}
