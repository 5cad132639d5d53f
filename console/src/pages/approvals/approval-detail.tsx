import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { trpc } from '#api'
import { Actor, ThingLink, useLive } from '#app'
import { Detail, EffectBadge, Facts, Json, Loaded, Note, RequestView, StateBadge, Time, visible } from '#ui'
import { subjectOf, titleOf, type Approval } from './approval.ts'
import styles from './approvals.module.css'
import { Changes, valueText } from './changes.tsx'
import { Decide } from './decide.tsx'
import { changedFields, differences, isFields } from './difference.ts'
import { texts } from './texts.ts'

const kinds = ['approval'] as const

interface DetailProps {
  readonly id: string
  onClose(): void
  /** Somebody decided on it here. */
  onDecided(): void
}

export function ApprovalDetail({ id, onClose, onDecided }: DetailProps) {
  const options = trpc.approvals.get.queryOptions({ id })
  const query = useQuery({ ...options, staleTime: 0 })
  useLive(kinds, options.queryKey, { ids: [id] })
  const approval = query.data
  return (
    <Detail
      id={id}
      title={visible(approval ? headingOf(approval) : texts.title)}
      badge={
        approval ? (
          <>
            {approval.effect === null ? null : <EffectBadge effect={approval.effect} />}
            {approval.status === 'pending' ? null : <StateBadge state={approval.status} />}
          </>
        ) : null
      }
      onClose={onClose}
    >
      <Loaded query={query}>{(loaded) => <Content approval={loaded} onDecided={onDecided} />}</Loaded>
    </Detail>
  )
}

function headingOf(approval: Approval): string {
  const title = titleOf(approval)
  const subject = subjectOf(approval)
  return title === undefined ? texts.question : subject === undefined ? title : `${title}: ${subject}`
}

function Content({ approval, onDecided }: { readonly approval: Approval; onDecided(): void }) {
  const { call, preview, connector } = approval
  const [first] = useState(approval)
  const account = [call?.integration, connector === call?.integration ? undefined : connector].filter(Boolean).join(' · ')
  const input = call?.input ?? {}
  const body = isFields(preview?.request) ? preview.request['body'] : undefined
  const byArguments = changedFields(preview?.current, input)
  const changes = byArguments.length > 0 ? byArguments : changedFields(preview?.current, body)
  const isOpen = approval.status === 'pending'
  return (
    <>
      {first.digest === approval.digest || !isOpen ? null : <ChangedSince first={first} now={approval} />}
      <p>{visible(approval.message)}</p>
      <Facts
        of={[
          ['Account', visible(account)],
          ['Asked by', <Actor key="asked" actor={approval.asked_by} name={approval.asked_by_name} />],
          ['Asked', <Time key="at" at={approval.created_at} />],
          ['Run', approval.run_id === null ? undefined : <ThingLink key="run" id={approval.run_id} />],
          ['Step', approval.path === null ? undefined : visible(approval.path)],
          ['Expires', isOpen ? <Time key="until" at={approval.expires_at} /> : undefined],
          [
            'Decided by',
            approval.decided_by === null ? undefined : <Actor key="by" actor={approval.decided_by} name={approval.decided_by_name} />,
          ],
          ['Decided', approval.decided_at === null ? undefined : <Time key="decided" at={approval.decided_at} />],
          ['Comment', approval.comment === null ? undefined : visible(approval.comment)],
        ]}
      />
      {changes.length === 0 ? null : (
        <section className={styles.part}>
          <h3>{texts.changes}</h3>
          <Changes changes={changes} />
        </section>
      )}
      {call === null ? null : (
        <>
          <section className={styles.part}>
            <h3>{texts.arguments}</h3>
            <Arguments input={input} />
          </section>
          <Sends preview={preview} />
        </>
      )}
      {preview?.current_error ? <Note tone="waiting">{texts.notRead(visible(preview.current_error))}</Note> : null}
      {preview && preview.current !== null ? (
        <details className={styles.part}>
          <summary>{texts.now}</summary>
          <Json value={preview.current} label={texts.now} />
        </details>
      ) : null}
      {isOpen ? <Decide approval={approval} onDecided={onDecided} /> : null}
    </>
  )
}

/** What is not as it was when the page was opened: a yes covers only what was shown. */
function ChangedSince({ first, now }: { readonly first: Approval; readonly now: Approval }) {
  const changes = differences(first.preview?.current ?? null, now.preview?.current ?? null)
  return (
    <Note tone="waiting">
      <div className={styles.part} role="alert">
        <p>{texts.changed}</p>
        {changes.length === 0 ? null : <Changes changes={changes} />}
        <p>{texts.changedElse}</p>
      </div>
    </Note>
  )
}

function Arguments({ input }: { readonly input: unknown }) {
  if (!isFields(input)) return <Json value={input} label={texts.arguments} />
  const fields = Object.entries(input)
  if (fields.length === 0) return <p>{texts.noArguments}</p>
  return (
    <dl className={styles.fields}>
      {fields.map(([name, value]) => (
        <div key={name} className={styles.field}>
          <dt>{visible(name)}</dt>
          <dd>{valueText(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

function Sends({ preview }: Pick<Approval, 'preview'>) {
  const error = preview?.request_error
  return (
    <section className={styles.part}>
      <h3>{texts.sends}</h3>
      {error ? (
        <Note tone="waiting">{texts.notBuilt(visible(error))}</Note>
      ) : preview?.request ? (
        <RequestView request={preview.request} />
      ) : (
        <p>{texts.notPreviewed}</p>
      )}
    </section>
  )
}
