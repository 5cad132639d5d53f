import type { Transaction } from '#db'
import { finish, DispatchAgain, type Claim, type Waiting } from './claim-store.ts'
import type { Match, Take } from './event.ts'
import type { Matched } from './match.ts'
import { unchanged } from './read-event.ts'
import { changeEvents, insertEffects, noteOverruns, remainingSubscriptions, type Effect } from './store.ts'
import type { DispatchDeps } from './types.ts'

interface Delivery {
  readonly matched: Matched
  readonly stopping: AbortSignal | undefined
}

/** Hands the matches to their subscribers and removes the events from the queue, in one transaction. */
export async function deliver(deps: DispatchDeps, claim: Claim, { matched, stopping }: Delivery): Promise<void> {
  const { db, publisher, subscribers, notices } = deps
  const { done, matches, changes, overruns } = matched
  const prepared: { list: readonly Match[]; take: Take }[] = []
  for (const [kind, list] of matches) prepared.push({ list, take: await subscribers[kind]!.prepare(list, stopping) })
  await db.transaction(async (trx) => {
    await finish(trx, claim, done)
    await requireSubscriptions(
      trx,
      [...matches.values()].flat().filter(({ subscription: { kind } }) => !subscribers[kind]!.isWaiting),
    )
    db.afterCommit(trx, () => {
      for (const { workspaceId, id } of done) notices.add(workspaceId, 'event', id)
    })
    for (const { list, take } of prepared) await insertEffects(trx, effectsOf(list, await take(trx)))
    await changeEvents(trx, changes)
    for (const { subscription, ...counted } of overruns) {
      const { id, workspaceId, kind, target } = subscription
      await noteOverruns(trx, id, counted)
      if (counted.problem === undefined) continue
      publisher.subscriptionsChanged(trx, workspaceId)
      const data = { kind, target, reason: counted.problem }
      await publisher.publish(trx, [{ workspaceId, type: 'subscription.disabled', data }])
    }
  })
}

/** A flow that was saved anew has other subscriptions, which have to be compared with the events. */
async function requireSubscriptions(trx: Transaction, matches: readonly Match[]): Promise<void> {
  const ids = [...new Set(matches.map(({ subscription }) => subscription.id))]
  const remaining = await remainingSubscriptions(trx, ids)
  if (remaining.size < ids.length) throw new DispatchAgain('subscriptions have changed')
}

/** What the subscribers started for the events. */
function effectsOf(matches: readonly Match[], started: readonly (string | undefined)[]): Effect[] {
  return matches.flatMap(({ event, subscription: { id: subscriptionId, kind, target } }, index): Effect[] => {
    const effectId = started[index]
    if (effectId === undefined) return []
    const { id: eventId, workspaceId, replays: replay } = event
    return [{ workspaceId, eventId, subscriptionId, replay, kind, target, effectId }]
  })
}

/** Marks an event that cannot be delivered as failed and removes it from the queue, so that it does not block the events after it. */
export async function setAside({ db, notices }: Pick<DispatchDeps, 'db' | 'notices'>, claim: Claim, problem: string): Promise<void> {
  const [event] = claim.events as readonly [Waiting, ...Waiting[]]
  const { workspaceId, id } = event
  await db.transaction(async (trx) => {
    await finish(trx, claim, [event])
    await changeEvents(trx, [{ ...unchanged, workspaceId, id, status: 'failed', problem }])
    db.afterCommit(trx, () => notices.add(workspaceId, 'event', id))
  })
}
