import {
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type Result,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { HubError } from '#errors'
import type { CallState } from '#tools'
import { failed, optionsOf, reported, sessionOf, type ToolCall } from './call-tool.ts'
import { capabilitiesOf } from './client.ts'
import { failureOf, resultOf } from './results.ts'
import type { McpCaller, McpDeps } from './types.ts'

export const tasksExtension = 'io.modelcontextprotocol/tasks'

/**
 * Long calls of clients that know tasks. A task is a queued call of the journal: it survives its process, and is listed and cancelled as one.
 */
export interface Tasks {
  serve(server: Server, caller: McpCaller): void
  /** Stores the call, and answers with its task. */
  start(call: ToolCall): Promise<CallToolResult>
}

/** Asks for a task although the tool is usually fast. */
const askName = 'integrationhub/task'
/** How often a client should ask. */
const pollIntervalMs = 1000
/** The journal keeps calls for thirty days. */
const ttlMs = 30 * 86_400_000

interface Asked {
  readonly id: string
  readonly session: string | undefined
}

const params = z.looseObject({ taskId: z.string().max(255) })

/** Whether this call becomes a task from the start. */
export function isTask(context: ServerContext, { tool, meta }: Pick<ToolCall, 'tool' | 'meta'>): boolean {
  return takesTasks(context) && (tool.action.long || meta[askName] === true)
}

/** Whether the client of this request knows tasks. */
export function takesTasks(context: ServerContext): boolean {
  return capabilitiesOf(context).extensions?.[tasksExtension] !== undefined
}

export function createTasks({ tools, logger }: Pick<McpDeps, 'tools' | 'logger'>): Tasks {
  const stateOf = async ({ principal }: McpCaller, { id, session }: Asked): Promise<CallState> => {
    const state = await tools.stateOf(principal, id, session)
    if (!state) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no task "${id}"`)
    return state
  }

  const taskOf = (id: string, state: CallState): Result => ({
    taskId: id,
    status: statusOf(state),
    ...(state.approval === undefined ? {} : { statusMessage: `waits for a person to decide on ${state.approval}` }),
    createdAt: state.startedAt.toISOString(),
    lastUpdatedAt: (state.finishedAt ?? state.startedAt).toISOString(),
    ttlMs,
    pollIntervalMs,
  })

  /** Failures that a model can react to are results; only a fault of the hub is a failed task. */
  const endOf = (state: CallState): Result => {
    if (state.outcome) return { result: resultOf(state.outcome, { tool: tools.registry.peek(state.tool), hasStructure: false }) }
    if (!state.error || statusOf(state) === 'cancelled') return {}
    const loggedAs = reported(logger, state.error)
    if (loggedAs === undefined) return { result: failureOf(state.error, undefined) }
    return { error: { code: ProtocolErrorCode.InternalError, message: `The log of the hub has the reason under ${loggedAs}.` } }
  }

  /** Undefined for a call of another token. */
  const startedTask = async ({ principal, meta }: ToolCall, id: string): Promise<CallToolResult | undefined> => {
    const state = await tools.stateOf(principal, id, sessionOf(meta))
    return state && { resultType: 'task', content: [], ...taskOf(id, state) }
  }

  return {
    serve(server, caller) {
      const handle = (method: string, answer: (asked: Asked) => Promise<Result>): void =>
        server.setRequestHandler(method, { params }, async ({ taskId }, context) => {
          if (!takesTasks(context))
            throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [tasksExtension]: {} } } })
          const { _meta: meta = {} } = context.mcpReq
          return answer({ id: taskId, session: sessionOf(meta) })
        })
      handle('tasks/get', async (asked) => {
        const state = await stateOf(caller, asked)
        return { ...taskOf(asked.id, state), ...endOf(state) }
      })
      handle('tasks/cancel', async (asked) => {
        await stateOf(caller, asked)
        await tools.cancel(caller.principal, asked.id)
        return {}
      })
      // No task asks its client for anything: what a task waits for is decided in the hub.
      handle('tasks/update', async (asked) => {
        await stateOf(caller, asked)
        return {}
      })
    },

    async start(call) {
      const { principal, tool, args } = call
      try {
        const options = { ...(await optionsOf(tools, call)), waitForApproval: true }
        const outcome = await tools.invokeLater(principal, tool.name, args, options)
        // The key was used before, perhaps by another token, which has no task here.
        if (outcome.status !== 'queued') return resultOf(outcome, call)
        return (await startedTask(call, outcome.invocationId))!
      } catch (error) {
        const id = error instanceof HubError && error.code === 'in_progress' ? error.details.invocationId : undefined
        const started = id === undefined ? undefined : await startedTask(call, id)
        return started ?? failed(logger, error)
      }
    },
  }
}

type TaskStatus = 'working' | 'completed' | 'failed' | 'cancelled'

function statusOf({ status, error }: CallState): TaskStatus {
  if (status === 'queued' || status === 'running') return 'working'
  if (error?.code === 'cancelled') return 'cancelled'
  return error?.entry.kind === 'internal' ? 'failed' : 'completed'
}
