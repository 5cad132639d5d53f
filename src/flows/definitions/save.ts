import { isDeepStrictEqual } from 'node:util'
import { actorOf, type Access, type Principal } from '#access'
import type { Database, Transaction } from '#db'
import type { Events } from '#events'
import type { Expressions } from '#expressions'
import { hubError, type HubError } from '#errors'
import type { Connector } from '#kit'
import { digest } from '#lib/canonical'
import { newId } from '#lib/ids'
import type { Scripts } from '#scripts'
import type { Catalogue, Tool } from '#tools'
import type { Known, Parsed } from './known.ts'
import { parseDefinition } from './parse.ts'
import { emits, flowsRunBy, toolNameOf, toolsUsedBy } from './queries.ts'
import type { ReservedType } from './reserved.ts'
import type { FlowRights } from './rights.ts'
import { conditionOf } from './scope.ts'
import type { Definition } from './types.ts'
import {
  changeFlow,
  deleteFlow,
  findFlow,
  insertVersion,
  latestVersion,
  listFlows,
  lockFlow,
  putFlow,
  putSchedules,
  type FlowWithVersion,
} from './flow-store.ts'
import { nextTimes } from '../triggers/schedule/cron.ts'

export interface SaveOptions {
  readonly format?: 'yaml' | 'json' | undefined
  /** The flow to change; the definition must have the same id. */
  readonly id?: string | undefined
  /** The version that was edited, 0 for a flow that is to be new. The flow is saved only if it still has that version. */
  readonly basedOn?: number | undefined
}

export interface BundledDefinition {
  readonly definition: Definition
  readonly source: string
}

/** The id of no workspace: nothing but the hub's own tools is found in it. */
const noWorkspace = ''

export interface Saver {
  check(workspaceId: string, source: string, format?: 'yaml' | 'json'): Promise<Parsed>
  /** What a text defines, checked as for saving. Throws `flow_invalid`. */
  parse(workspaceId: string, source: string, format?: 'yaml' | 'json'): Promise<Definition>
  save(principal: Principal, source: string, options?: SaveOptions): Promise<FlowWithVersion>
  /** `others` are the bundled flows that it may run. */
  parseBundled(source: string, others: ReadonlyMap<string, Definition>): Promise<Definition>
  /** Whether a stored bundled flow is the one with this source, with the rights that it needs in this hub. */
  isCurrent(flow: FlowWithVersion, source: string): boolean
  storeBundled(trx: Transaction, workspaceId: string, bundled: BundledDefinition): Promise<void>
  setEnabled(principal: Principal, ref: string, enabled: boolean): Promise<FlowWithVersion>
  /** `before` ends what depends on the flow, in the same transaction. */
  remove(principal: Principal, ref: string, before: (trx: Transaction, flow: FlowWithVersion) => Promise<void>): Promise<void>
  /** Lets the flow run with the rights of the principal from now on. */
  adopt(principal: Principal, ref: string): Promise<FlowWithVersion>
}

export interface SaverDeps {
  readonly db: Database
  readonly access: Access
  readonly rights: FlowRights
  readonly reservedType: ReservedType
  readonly events: Events
  readonly expressions: Expressions
  readonly scripts: Scripts
  readonly catalogue: Catalogue
  readonly connectors: readonly Connector[]
}

type Owner = Pick<FlowWithVersion, 'actor' | 'scopes' | 'readOnly' | 'origin'>

interface FlowChange {
  readonly action: 'flow.enabled' | 'flow.disabled' | 'flow.adopted'
  readonly changes: Partial<Pick<FlowWithVersion, 'enabled' | 'actor' | 'scopes' | 'readOnly'>>
}

interface Storing {
  readonly definition: Definition
  readonly source: string
  readonly owner: Owner
  /** Whoever saves it; undefined when the hub saves a bundled flow. */
  readonly principal?: Principal
  readonly basedOn?: number | undefined
}

export function createSaver(deps: SaverDeps): Saver {
  const { db, access, events, expressions, scripts, catalogue, connectors, rights, reservedType } = deps
  const eventTypes = connectors.flatMap(({ name, events: declared = {} }) => Object.keys(declared).map((type) => `${name}.${type}`))

  const knownIn = async (workspaceId: string): Promise<Known> =>
    knownWith(workspaceId, new Map((await listFlows(db.sql, workspaceId)).map((flow) => [flow.name, flow.definition])))

  const knownWith = async (workspaceId: string, flows: ReadonlyMap<string, Definition>): Promise<Known> => {
    const described = new Map<string, ReturnType<Known['tool']>>()
    for (const tool of await catalogue.all(workspaceId)) {
      const known = { inputSchema: catalogue.registry.describe(tool).input_schema, byUser: tool.origin?.kind === 'flow' }
      for (const name of [tool.name, ...tool.aliases]) described.set(name, known)
    }
    return {
      tool: (name) => described.get(name),
      toolNames: () => described.keys(),
      flow: (id) => {
        const found = flows.get(id)
        return found && { ...(found.parameters ? { parameters: found.parameters } : {}), runs: flowsRunBy(found) }
      },
      flowIds: () => flows.keys(),
      eventTypes,
      reservedType,
      reservedTool: catalogue.reservedFor,
    }
  }

  const check: Saver['check'] = async (workspaceId, source, format) =>
    parseDefinition(source, { known: await knownIn(workspaceId), expressions, scripts, workspaceId, ...(format ? { format } : {}) })

  const valid = async (workspaceId: string, result: Parsed): Promise<Definition> => {
    if ('definition' in result) {
      await assertEffect(workspaceId, result.definition)
      return result.definition
    }
    const errors = result.problems.map(({ line, column, path, message, remedy }) => ({
      path: `${line}:${column}${path ? ` ${path}` : ''}`,
      message: remedy ? `${message}. ${remedy}` : message,
    }))
    throw hubError('flow_invalid', { detail: `the definition has ${errors.length} error${errors.length === 1 ? '' : 's'}`, errors })
  }

  /** The declared effect must cover the effects of the tools used: scopes and policies depend on it. */
  const assertEffect = async (workspaceId: string, definition: Definition): Promise<void> => {
    if (!definition.tool) return
    const declared = (definition.tool === true ? undefined : definition.tool.effect) ?? 'write'
    const effects = ['read', 'write', 'destroy'] as const
    // The effect of another flow may change later, so it counts as a write.
    let needed = flowsRunBy(definition).length > 0 || emits(definition) ? 1 : 0
    for (const name of toolsUsedBy(definition))
      needed = Math.max(needed, effects.indexOf((await catalogue.find(workspaceId, name)).action.effect))
    if (effects.indexOf(declared) >= needed) return
    const message = `is ${declared}, but the flow has the effect ${effects[needed]}: write effect: ${effects[needed]}`
    throw hubError('flow_invalid', { errors: [{ path: 'tool.effect', message }] })
  }

  /** Stores the triggers together with the flow, so that they apply at once. */
  const arm = async (trx: Transaction, { id: flowId, workspaceId, definition, enabled }: FlowWithVersion): Promise<void> => {
    await events.unsubscribe(trx, 'flow', flowId)
    const triggers = enabled ? (definition.on ?? []) : []
    const schedules = []
    for (const [place, trigger] of triggers.entries()) {
      if ('schedule' in trigger) {
        const { schedule: cron, timezone = 'UTC', missed = 'skip', parameters = {} } = trigger
        const [nextAt = null] = nextTimes(cron, timezone, new Date(), 1)
        schedules.push({ flowId, place, cron, timezone, missed, parameters, nextAt })
      } else {
        const types = ['bus' in trigger ? `bus.${trigger.bus}` : trigger.event]
        const filter = trigger.filter === undefined ? null : conditionOf(trigger.filter)
        await events.subscribe(trx, {
          workspaceId,
          kind: 'flow',
          target: flowId,
          types,
          filter,
          ordered: false,
          detail: { trigger: place },
        })
      }
    }
    await putSchedules(trx, flowId, schedules)
  }

  const store = async (
    trx: Transaction,
    workspaceId: string,
    { definition, source, owner, principal, basedOn }: Storing,
  ): Promise<FlowWithVersion> => {
    await lockFlow(trx, workspaceId, definition.id)
    const before = await findFlow(trx, workspaceId, definition.id)
    if (before && principal) await rights.requireChange(trx, principal, before)
    if (basedOn !== undefined && (before?.version ?? 0) !== basedOn) throw changedSince(definition.id, basedOn, before)
    const hash = digest(definition)
    // Comments are no part of the definition, but whoever wrote them wants them back.
    const isSame = before?.digest === hash && (owner.origin === 'bundled' || before.source === source)
    const isUpToDate = isSame && isDeepStrictEqual(before.scopes, owner.scopes)
    if (owner.origin === 'bundled' && before && (before.origin !== 'bundled' || isUpToDate)) return before
    const id = before?.id ?? newId('flow')
    const version = isSame ? before.version : (await latestVersion(trx, id)) + 1
    const enabled = owner.origin === 'bundled' && before ? before.enabled : definition.enabled !== false
    if (!isSame) await insertVersion(trx, { flowId: id, version, workspaceId, definition, source, digest: hash, actor: owner.actor })
    await putFlow(trx, {
      id,
      workspaceId,
      name: definition.id,
      version,
      enabled,
      toolName: definition.tool ? toolNameOf(definition) : null,
      ...owner,
      origin: owner.origin === 'bundled' ? 'bundled' : 'user',
    })
    const saved = (await findFlow(trx, workspaceId, id))!
    await arm(trx, saved)
    const detail = { name: saved.name, version, enabled }
    await access.audit.record(trx, { workspaceId, actor: owner.actor, action: 'flow.saved', subject: id, detail })
    return saved
  }

  /** A bundled flow has no author whose rights it could use, so it may call only the tools in its definition. */
  const scopesFor = (definition: Definition): string[] => {
    const called = [...new Set(toolsUsedBy(definition).flatMap((used) => scopesOf(catalogue.registry.find(used))))]
    return flowsRunBy(definition).length > 0 ? [...called, 'flows:run'] : called
  }

  return {
    check,
    parse: async (workspaceId, source, format) => valid(workspaceId, await check(workspaceId, source, format)),
    async save(principal, source, { format, id, basedOn } = {}) {
      const { workspaceId, scopes, readOnly } = principal
      const definition = await valid(workspaceId, await check(workspaceId, source, format))
      const asked = id === undefined ? undefined : await existing(workspaceId, id)
      if (asked && asked.name !== definition.id)
        throw hubError('invalid_input', { errors: [{ path: 'id', message: `is "${definition.id}", but the flow is "${asked.name}"` }] })
      const owner: Owner = { actor: actorOf(principal), scopes, readOnly, origin: 'user' }
      return db.transaction((trx) => store(trx, workspaceId, { definition, source, owner, principal, basedOn }))
    },
    // Bundled flows use what the hub itself has, which is the same in every workspace.
    parseBundled: async (source, others) => {
      const known = await knownWith(noWorkspace, others)
      return valid(noWorkspace, await parseDefinition(source, { known, expressions, scripts, workspaceId: noWorkspace, isBundled: true }))
    },
    isCurrent: (flow, source) => flow.source === source && isDeepStrictEqual(flow.scopes, scopesFor(flow.definition)),
    async storeBundled(trx, workspaceId, { definition, source }) {
      const owner: Owner = { actor: 'system:bundled', scopes: scopesFor(definition), readOnly: false, origin: 'bundled' }
      await store(trx, workspaceId, { definition, source, owner })
    },
    async setEnabled(principal, ref, enabled) {
      const action = enabled ? 'flow.enabled' : 'flow.disabled'
      return change(principal, ref, { action, changes: { enabled } })
    },
    async adopt(principal, ref) {
      const flow = await existing(principal.workspaceId, ref)
      if (flow.origin === 'bundled')
        throw hubError('in_use', {
          detail: `"${flow.name}" comes with the hub and has rights of its own`,
          hint: 'save it under another id',
        })
      const { scopes, readOnly } = principal
      return change(principal, ref, { action: 'flow.adopted', changes: { actor: actorOf(principal), scopes, readOnly } })
    },
    async remove(principal, ref, before) {
      const { workspaceId } = principal
      const flow = await existing(workspaceId, ref)
      if (flow.origin === 'bundled') throw hubError('in_use', { detail: `"${flow.name}" comes with the hub`, hint: 'disable it instead' })
      await db.transaction(async (trx) => {
        await lockFlow(trx, workspaceId, flow.name)
        await rights.requireChange(trx, principal, flow)
        await before(trx, flow)
        await events.unsubscribe(trx, 'flow', flow.id)
        await deleteFlow(trx, flow.id)
        const detail = { name: flow.name }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'flow.deleted', subject: flow.id, detail })
      })
    },
  }

  /** Changes a flow but not its definition. A flow whose saver has lost its rights may be adopted by everybody with `flows:write`. */
  async function change(principal: Principal, ref: string, { action, changes }: FlowChange): Promise<FlowWithVersion> {
    const { workspaceId } = principal
    const { id, name } = await existing(workspaceId, ref)
    return db.transaction(async (trx) => {
      await lockFlow(trx, workspaceId, name)
      const before = (await findFlow(trx, workspaceId, id))!
      const isOrphan = action === 'flow.adopted' && (await rights.lost(before, trx)) !== undefined
      if (!isOrphan) await rights.requireChange(trx, principal, before)
      await changeFlow(trx, id, changes)
      const saved = (await findFlow(trx, workspaceId, id))!
      await arm(trx, saved)
      const detail = { name, ...(changes.actor === undefined ? {} : { before: before.actor }) }
      await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action, subject: id, detail })
      return saved
    })
  }

  async function existing(workspaceId: string, ref: string): Promise<FlowWithVersion> {
    const flow = await findFlow(db.sql, workspaceId, ref)
    if (!flow) throw hubError('not_found', { detail: `there is no flow "${ref}" in this workspace` })
    return flow
  }
}

function changedSince(id: string, basedOn: number, now: FlowWithVersion | undefined): HubError {
  return hubError('flow_changed', {
    detail: now
      ? `"${id}" has version ${now.version}, and version ${basedOn} was edited`
      : `"${id}" was deleted since version ${basedOn} was edited`,
    hint: now ? 'compare the two, then save it based on the version that the flow has now' : 'save it with based_on 0 to make it anew',
  })
}

/** What a call of the tool needs. */
function scopesOf({ name, scope }: Tool): string[] {
  return [`tools:call:${name}`, ...(scope === undefined ? [] : [scope])]
}
