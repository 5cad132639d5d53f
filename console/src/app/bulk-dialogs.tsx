import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { client, trpc, useAction } from '#api'
import { Button, Confirm, Dialog, ErrorNote, Loaded, Note, OperationButton, StateBadge, visible } from '#ui'
import styles from './bulk.module.css'
import { bulkTexts as texts, counted } from './bulk-texts.ts'
import type { BulkAction, BulkTarget } from './bulk-types.ts'
import { ThingLink } from './thing-link.tsx'

const pollMs = 700

type Things = readonly [one: string, many: string]

interface ConfirmProps {
  readonly action: BulkAction
  readonly target: BulkTarget
  readonly things: Things
  onClose(): void
  onStarted(id: string): void
}

/** Says with how many it is done before it begins. More than that number is refused by the server. */
export function BulkConfirm({ action: { action, label, about, fields, input, isDanger = false }, target, things, ...on }: ConfirmProps) {
  const asked = { action, ...(input === undefined ? {} : { input }), ...target }
  const count = useQuery({
    queryKey: ['bulk', action, target],
    queryFn: () => client.bulk.start.mutate({ action, ...target, dry_run: true }),
    enabled: target.ids === undefined,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
  const start = useAction(trpc.bulk.start, { onDone: ({ bulk }) => bulk && on.onStarted(bulk.id) })
  const total = target.ids?.length ?? count.data?.total
  const hasMore = count.data?.more ?? false
  const words = total === undefined ? texts.counting : `${label} ${counted(total, things)}`
  return (
    <Confirm
      title={total === undefined ? `${label} …` : texts.question(label, counted(total, things))}
      isOpen
      onClose={on.onClose}
      action={words}
      isDanger={isDanger}
      isBusy={start.isPending || (total === undefined && !count.error)}
      blocked={total === 0 ? texts.nothing : count.error ? texts.unknown : undefined}
      onConfirm={() => start.mutate({ ...asked, expected: total!, ...(hasMore ? { first: total! } : {}) })}
    >
      <div className={styles.question}>
        {count.error ? <ErrorNote error={count.error} onRetry={() => void count.refetch()} /> : null}
        {about === undefined ? null : <p>{about}</p>}
        {hasMore && total !== undefined ? <Note tone="waiting">{texts.more(total.toLocaleString('en'))}</Note> : null}
        {total === 0 ? <p>{texts.nothing}</p> : <p className={styles.muted}>{texts.order}</p>}
        {fields}
      </div>
    </Confirm>
  )
}

interface ProgressProps {
  readonly id: string
  readonly things: Things
  onClose(): void
}

/** How far it is, what failed and why. Closing the window stops nothing. */
export function BulkProgress({ id, things, onClose }: ProgressProps) {
  const query = useQuery({
    ...trpc.bulk.get.queryOptions({ id }),
    refetchInterval: ({ state }) => (state.data === undefined || state.data.status === 'running' ? pollMs : false),
  })
  const cancel = useAction(trpc.bulk.cancel, { done: texts.stopped })
  const bar = useId()
  const isRunning = query.data?.status === 'running'
  return (
    <Dialog
      title={texts.title(query.data?.status ?? 'running')}
      isOpen
      onClose={onClose}
      actions={
        <>
          {isRunning ? (
            <OperationButton operation="bulk.cancel" isBusy={cancel.isPending} onClick={() => cancel.mutate({ id })}>
              {texts.stop}
            </OperationButton>
          ) : null}
          <Button kind={isRunning ? 'plain' : 'main'} onClick={onClose}>
            {texts.close}
          </Button>
        </>
      }
    >
      <Loaded query={query} rows={3}>
        {({ status, total, done, failed, error, failures }) => (
          <div className={styles.question}>
            <div className={styles.progress}>
              <label htmlFor={bar}>{`${texts.progress(done + failed, total)} ${things[1]}`}</label>
              <StateBadge state={status} />
              <progress id={bar} max={Math.max(1, total)} value={done + failed} />
            </div>
            <p role="status">{status === 'running' ? '' : texts.outcome(done, failed)}</p>
            {error === null ? null : <Note tone="failed">{visible(error.detail)}</Note>}
            {failures.length === 0 ? null : (
              <section>
                <h3>{texts.failures}</h3>
                <ul className={styles.failures}>
                  {failures.map((one) => (
                    <li key={one.id}>
                      <ThingLink id={one.id} />
                      <span>{visible(one.detail)}</span>
                    </li>
                  ))}
                </ul>
                {failed > failures.length ? <p className={styles.muted}>{texts.firstFailures}</p> : null}
              </section>
            )}
          </div>
        )}
      </Loaded>
    </Dialog>
  )
}
