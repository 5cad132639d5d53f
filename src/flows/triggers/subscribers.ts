import type { Database } from '#db'
import { toCloudEvent, type CloudEvent, type Events, type HubEvent, type Match, type Subscriber } from '#events'
import { render, type Expressions } from '#expressions'
import { hubError, HubError } from '#errors'
import { flowsById } from '../definitions/flow-store.ts'
import type { Launcher, LaunchRequest } from '../runs/launch.ts'
import type { RunSecrets } from '../runs/secrets.ts'
import { addCauses } from '../runs/run-store.ts'
import { completeWaiting } from '../runs/step-store.ts'

export interface SubscriberDeps {
  readonly db: Database
  readonly events: Events
  readonly expressions: Expressions
  readonly launcher: Launcher
  readonly runSecrets: RunSecrets
}

/** Starts flows in the transaction that takes the event from the queue, so that an event starts a flow once. */
export function createFlowSubscriber({ db, expressions, launcher }: SubscriberDeps): Subscriber {
  return {
    async prepare(matches, stopping) {
      const flows = new Map(
        (await flowsById(db.sql, [...new Set(matches.map(({ subscription }) => subscription.target))])).map((flow) => [flow.id, flow]),
      )
      const starting: { index: number; request: LaunchRequest }[] = []
      for (const [index, { event, subscription }] of matches.entries()) {
        if (stopping?.aborted) throw hubError('shutting_down')
        const flow = flows.get(subscription.target)
        if (!flow?.enabled || isOwnCall(event, flow.id)) continue
        const place = Number(subscription.detail?.['trigger'] ?? 0)
        const trigger = flow.definition.on?.[place]
        const scope = toCloudEvent(event)
        const computed = await parametersOf(expressions, trigger?.parameters, { workspaceId: flow.workspaceId, event: scope })
        const kind = trigger && 'bus' in trigger ? 'bus' : 'event'
        const replay = event.replays > 0 ? { replay: event.replays } : {}
        const request = {
          flow,
          ...computed,
          event: { id: event.id, scope },
          depth: (event.depth ?? 0) + 1,
          causes: event.causes,
          mayWait: true,
          trigger: { kind, event_id: event.id, event_type: event.type, ...replay },
        }
        starting.push({ index, request })
      }
      const prepared = await Promise.all(starting.map(({ request }) => launcher.prepare(request)))
      return async (trx) => {
        const runs = await launcher.launch(trx, ...prepared)
        const effects: (string | undefined)[] = matches.map(() => undefined)
        for (const [nth, { index }] of starting.entries()) effects[index] = runs[nth]!.id
        return effects
      }
    },
  }
}

/** A flow is not started by the end of its own calls: it would never stop. */
function isOwnCall({ type, data }: HubEvent, flowId: string): boolean {
  return type.startsWith('invocation.') && (data as { actor?: unknown } | null)?.actor === `system:flow:${flowId}`
}

/** When the parameters cannot be computed, the run fails with the reason. */
async function parametersOf(
  expressions: Expressions,
  parameters: unknown,
  { workspaceId, event }: { workspaceId: string; event: CloudEvent },
): Promise<Pick<LaunchRequest, 'parameters' | 'fault'>> {
  if (parameters === undefined) return { parameters: {} }
  try {
    return { parameters: (await render(expressions, parameters, { event }, { workspaceId, timeoutMs: 500 })) as Record<string, unknown> }
  } catch (error) {
    if (error instanceof HubError && !error.entry.retryable) return { parameters: {}, fault: error }
    throw error
  }
}

/** Continues runs that wait for an event. */
export function createRunSubscriber({ events, expressions, launcher, runSecrets }: SubscriberDeps): Subscriber {
  const belongs = async ({ event, subscription }: Match): Promise<boolean> => {
    const { correlate, scope, sealed } = (subscription.detail ?? {}) as {
      correlate?: string
      scope?: Record<string, unknown>
      sealed?: string
    }
    if (correlate === undefined) return true
    const { workspaceId } = event
    try {
      const names = sealed === undefined ? scope : ((await runSecrets.open(workspaceId, sealed)) as Record<string, unknown>)
      return (await expressions.evaluate(correlate, { ...names, event: toCloudEvent(event) }, { workspaceId, timeoutMs: 500 })) === true
    } catch (error) {
      if (error instanceof HubError && ['expression_failed', 'expression_limit'].includes(error.code)) return false
      throw error
    }
  }
  return {
    isWaiting: true,
    async prepare(matches, stopping) {
      const belonging: boolean[] = []
      for (const match of matches) {
        if (stopping?.aborted) throw hubError('shutting_down')
        belonging.push(await belongs(match))
      }
      return async (trx) => {
        const effects: (string | undefined)[] = []
        for (const [index, match] of matches.entries()) {
          const { runId, path } = (match.subscription.detail ?? {}) as { runId: string; path: string }
          const comes = belonging[index] === true && (await completeWaiting(trx, { runId, path }, toCloudEvent(match.event)))
          effects.push(comes ? runId : undefined)
          if (!comes) continue
          // What the event says decides how the run continues.
          if (match.event.causes?.length) await addCauses(trx, runId, match.event.causes)
          await events.unsubscribe(trx, 'run', match.subscription.target)
          await launcher.wake(trx, [runId])
        }
        return effects
      }
    },
  }
}
