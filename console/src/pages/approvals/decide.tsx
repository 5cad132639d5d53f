import { useQueryClient } from '@tanstack/react-query'
import { Check, X } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { trpc, useAction } from '#api'
import { ActionButton } from '#app'
import { ErrorNote, Note, TextField, useKeys, visible } from '#ui'
import type { Approval } from './approval.ts'
import styles from './approvals.module.css'
import { texts } from './texts.ts'

/** Nobody decides by a key or a click that was meant for what was shown before. */
const wakeMs = 600

/** The decision. It sleeps for a moment after it is shown, and again whenever what it is about changes. */
export function Decide({ approval, onDecided }: { readonly approval: Approval; onDecided(): void }) {
  const { id, digest, target, effect, may_decide: mayDecide } = approval
  const [comment, setComment] = useState('')
  // The name that was typed, and being awake, hold for what was shown then. The comment stays.
  const [typed, setTyped] = useState({ digest, text: '' })
  const [awakeFor, setAwakeFor] = useState<string>()
  const cache = useQueryClient()
  const confirm = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const timer = setTimeout(() => setAwakeFor(digest), wakeMs)
    return () => clearTimeout(timer)
  }, [digest])
  const decide = useAction(trpc.approvals.decide, {
    done: ({ status }) => (status === 'approved' ? texts.approved : texts.rejected),
    onDone: onDecided,
  })
  const destroyed = effect === 'destroy' ? target : null
  const name = typed.digest === digest ? typed.text : ''
  const isTyped = destroyed === null || visible(name.trim()) === visible(destroyed.trim())
  const isAwake = awakeFor === digest
  const canDecide = isAwake && mayDecide && !decide.isPending
  const send = (decision: 'approve' | 'reject'): void => {
    if (!canDecide) return
    if (decision === 'approve' && !isTyped) return confirm.current?.querySelector('input')?.focus()
    const input = { id, decision, digest, ...(comment.trim() === '' ? {} : { comment: comment.trim() }) }
    // If it was refused because something changed, that is shown.
    decide.mutate(input, { onError: () => void cache.invalidateQueries({ queryKey: trpc.approvals.get.queryKey({ id }) }) })
  }
  useKeys(
    useMemo(
      () => [
        { key: 'a', label: 'Approve what is open', run: () => send('approve') },
        { key: 'r', label: 'Reject what is open', run: () => send('reject') },
      ],
      // oxlint-disable-next-line react-hooks/exhaustive-deps -- the functions close over these only.
      [canDecide, isTyped, comment, digest],
    ),
  )
  if (!mayDecide) return <MayNot approval={approval} />
  const asleep = isAwake ? undefined : texts.readFirst
  return (
    <div data-bottom-bar className={styles.decide}>
      {decide.error && decide.variables?.digest === digest ? <ErrorNote error={decide.error} /> : null}
      {destroyed === null ? null : (
        <div ref={confirm}>
          <TextField
            label={texts.confirm(visible(destroyed.trim()))}
            about={texts.confirmAbout}
            autoComplete="off"
            value={name}
            onValue={(text) => setTyped({ digest, text })}
            onKeyDown={({ key }) => key === 'Enter' && isTyped && send('approve')}
          />
        </div>
      )}
      <TextField label={texts.comment} isLabelHidden placeholder={texts.comment} maxLength={2000} value={comment} onValue={setComment} />
      <div className={styles.buttons}>
        <ActionButton
          action={{
            label: texts.reject,
            face: faceOf(texts.reject, 'r'),
            operation: 'approvals.decide',
            icon: <X aria-hidden />,
            blocked: asleep,
            isBusy: decide.isPending && decide.variables.decision === 'reject',
            run: () => send('reject'),
          }}
        />
        <ActionButton
          action={{
            label: texts.approve,
            face: faceOf(texts.approve, 'a'),
            operation: 'approvals.decide',
            kind: effect === 'destroy' ? 'danger' : 'main',
            icon: <Check aria-hidden />,
            blocked: asleep ?? (isTyped ? undefined : texts.typeFirst),
            isBusy: decide.isPending && decide.variables.decision === 'approve',
            run: () => send('approve'),
          }}
        />
      </div>
    </div>
  )
}

const faceOf = (label: string, key: string): ReactNode => (
  <>
    {label} <kbd aria-hidden>{key}</kbd>
  </>
)

function MayNot({ approval: { refusal, deciders } }: { readonly approval: Approval }) {
  return (
    <div data-bottom-bar className={styles.decide}>
      <Note tone="waiting">
        <p>
          <strong>{texts.mayNot}</strong> {refusal === null ? '' : visible(refusal)}
        </p>
        <p>
          {texts.whoMay} {deciders === null ? texts.anybody : visible(deciders.join(', '))}
        </p>
      </Note>
    </div>
  )
}
