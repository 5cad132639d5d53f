import { actorOf, type Principal } from '#access'
import type { Database } from '#db'
import type { IntegrationRow } from '#integrations'
import type { InvokeOptions } from './call.ts'
import { placeOfWrite, type ResultLabels } from './labels.ts'
import type { Labels } from '#kit'
import type { Policies, PolicyDecision } from './policy.ts'
import type { InformationFlow as Options } from './policy-rule.ts'
import { insertRead, sessionReads, type Session, type SessionRead } from './session-store.ts'
import type { Tool } from './tool.ts'

/** Follows what sessions read, in workspaces that have turned it on. Elsewhere it costs one look at the cached policies. */
export interface InformationFlow {
  /** What applies to a call because of what its session has read before. */
  judge(call: SessionCall): Promise<PolicyDecision>
  /** Stores what a session has read. It must end before the result is returned, so that the next call, in any process, knows of it. */
  record(call: SessionCall, labels: ResultLabels): Promise<void>
  /** The same for what was read without a call: the result of an earlier one, or something that the hub keeps. */
  recordRead(reader: Reader, read: OtherRead): Promise<void>
}

export interface Reader {
  readonly principal: Principal
  readonly session?: string | undefined
}

/** Without an integration it comes from the hub, and without labels others may have written it. */
export interface OtherRead {
  readonly integrationId?: string | null
  readonly integration?: string | null
  readonly labels?: Labels | null
}

export interface SessionCall {
  readonly principal: Principal
  readonly tool: Tool
  readonly input: unknown
  readonly integration: IntegrationRow | undefined
  readonly options: Pick<InvokeOptions, 'session' | 'step'>
}

const allow: PolicyDecision = { decision: 'allow' }

export function createInformationFlow({ sql }: Database, policies: Pick<Policies, 'current'>): InformationFlow {
  const readsOf = async ({ principal, options }: SessionCall): Promise<readonly SessionRead[]> => {
    const { session, trigger } = await sessionOf(principal, options)
    const reads = await sessionReads(sql, session)
    return trigger ? [...reads, { ...trigger, untrusted: true, private: true }] : reads
  }

  return {
    async judge(call) {
      const { informationFlow: options } = await policies.current(call.principal.workspaceId)
      if (!options || !isWrite(call.tool)) return allow
      return verdictOn(call, await readsOf(call), options)
    },

    async record(call, { author, place }) {
      const { principal, tool, integration, options } = call
      const { informationFlow } = await policies.current(principal.workspaceId)
      if (!informationFlow) return
      const untrusted = author === 'untrusted'
      // A confirmation of a write says nothing that the caller did not know.
      const isPrivate = place === 'private' && (untrusted || !isWrite(tool))
      if (!untrusted && !isPrivate) return
      const { session } = await sessionOf(principal, options)
      const read = { integrationId: integration?.id ?? '', integration: integration?.name ?? 'the hub', untrusted, private: isPrivate }
      await insertRead(sql, session, read)
    },

    async recordRead({ principal, session: name }, { integrationId, integration, labels }) {
      const { informationFlow } = await policies.current(principal.workspaceId)
      const untrusted = labels?.author !== 'trusted'
      const isPrivate = labels?.place !== 'public'
      if (!informationFlow || !(untrusted || isPrivate)) return
      const { session } = await sessionOf(principal, { session: name })
      const from = { integrationId: integrationId ?? '', integration: integration ?? 'the hub' }
      await insertRead(sql, session, { ...from, untrusted, private: isPrivate })
    },
  }
}

function startsFlow({ origin, startsFlow: argument }: Tool): boolean {
  return origin.kind === 'flow' || argument !== undefined
}

/** The steps of a flow that is called as a tool may write, whatever its effect says. */
function isWrite({ action, origin }: Tool): boolean {
  return action.effect !== 'read' || origin.kind === 'flow'
}

interface KnownSession {
  readonly session: Session
  /** What started the run, if others may have written it. */
  readonly trigger?: Pick<SessionRead, 'integrationId' | 'integration'> | undefined
}

async function sessionOf(principal: Principal, { session: name = '', step }: SessionCall['options']): Promise<KnownSession> {
  const { workspaceId } = principal
  if (!step) return { session: { workspaceId, actor: actorOf(principal), name } }
  const { root, trigger } = await step.session()
  return { session: { workspaceId, actor: 'run', name: root }, trigger }
}

function verdictOn(call: SessionCall, reads: readonly SessionRead[], options: Options): PolicyDecision {
  const { after_untrusted: afterUntrusted, after_private: afterPrivate = afterUntrusted } = options
  const destination = call.integration?.id ?? ''
  const isPublic = placeOfWrite(call) === 'public'
  // What the hub keeps came from any system, and a flow that is started writes to any other.
  const isFrom = (read: SessionRead): boolean => destination !== '' && read.integrationId === destination
  const where = isPublic ? 'writes to a place that may be public' : startsFlow(call.tool) ? 'starts a flow' : 'writes to another system'
  const untrusted = reads.find((read) => read.untrusted && (isPublic || !isFrom(read)))
  // What runs write is not known when they start, so it may be public; that flows exist is no secret from them.
  const isTold = (read: SessionRead): boolean => isPublic || (startsFlow(call.tool) && read.integrationId !== '')
  const secret = reads.find((read) => read.private && isTold(read))
  const found: PolicyDecision[] = [
    ...(untrusted
      ? [
          {
            decision: afterUntrusted,
            reason: `it ${where} after this session read what others may have written, from ${untrusted.integration}`,
          },
        ]
      : []),
    ...(secret ? [{ decision: afterPrivate, reason: `it ${where} after this session read private data, from ${secret.integration}` }] : []),
  ]
  return found.reduce(stricter, allow)
}

const strictness = { allow: 0, ask: 1, deny: 2 } as const

/** The first, where both are as strict. */
export function stricter(first: PolicyDecision, second: PolicyDecision): PolicyDecision {
  return strictness[second.decision] > strictness[first.decision] ? second : first
}
