import type { Buses, OpenBus, Received, Verdict } from '#buses'
import type { Principal } from '#access'
import { hubError, HubError } from '#errors'
import type { Telemetry } from '#telemetry'
import { untilSettled, type Outcome, type Tools } from '#tools'
import { keyOf, parseCommand, type Command } from './command.ts'
import { completedResult, failedResult, unknownTool } from './result.ts'

export interface CommandsDeps extends Telemetry {
  readonly tools: Tools
  readonly buses: Buses
}

type Result =
  | { readonly outcome: Outcome; readonly command: Command; readonly principal: Principal }
  | { readonly error: HubError; readonly command: Partial<Command>; readonly principal?: Principal | undefined; readonly dead?: string }

/** Receives commands from every bus and answers them, until the result is disposed of, which waits for the calls in progress. */
export function serveCommands(deps: CommandsDeps): AsyncDisposable {
  const consumers = deps.buses
    .open()
    .map((open) => open.bus.consumeCommands({ group: 'hub', prefetch: open.prefetch, handle: (message) => handle(deps, open, message) }))
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(consumers.map((consumer) => consumer[Symbol.asyncDispose]()))
    },
  }
}

/** Makes the call, publishes its result, and only then lets the bus remove the command: whatever fails between, it is delivered again. */
async function handle(deps: CommandsDeps, open: OpenBus, message: Received): Promise<Verdict> {
  const { metrics, buses } = deps
  const { bus } = open
  const result = await resultOf(deps, open, message)
  const { command, principal } = result
  const { tool = unknownTool, taskId, stepId, traceparent } = command
  const workspaceId = principal?.workspaceId
  const of = { tool, taskId, stepId, traceparent, correlationId: message.correlationId, workspaceId }
  const answer =
    'outcome' in result
      ? completedResult(of, result.outcome, bus.maxBytes)
      : failedResult(of, { ...pick(result.error), retryable: result.error.entry.retryable })
  const [confirmed] = await bus.publish([answer])
  if (!confirmed) return 'again'
  if (message.replyTo !== undefined) await bus.reply(message.replyTo, answer)
  const outcome = 'outcome' in result ? 'completed' : result.dead === undefined ? 'failed' : 'dead'
  metrics.busReceived.inc({ bus: bus.name, outcome })
  if (workspaceId !== undefined) {
    const { topic, key, id, body } = message
    buses.noteCommand(workspaceId, { bus: bus.name, topic, key, id, bytes: body.length, outcome })
  }
  return 'error' in result && result.dead !== undefined ? { dead: result.dead } : 'done'
}

async function resultOf({ tools, logger }: CommandsDeps, { bus, principal: who }: OpenBus, message: Received): Promise<Result> {
  const parsed = parseCommand(message)
  if ('refusal' in parsed) {
    const { refusal, taskId, stepId } = parsed
    return { error: hubError('command_invalid', { detail: refusal }), command: { taskId, stepId }, dead: refusal, principal: await who() }
  }
  const command = parsed
  let principal: Principal | undefined
  try {
    principal = await who()
    const { integration, approval, session, parameters } = command
    const idempotencyKey = keyOf(command, message)
    if (idempotencyKey === undefined && message.redeliveries > 0) await requireRepeatable(tools, principal, command)
    const options = { transport: bus.name as 'amqp' | 'pulsar', integration, approval, session, idempotencyKey, forAgent: true }
    const outcome = await untilSettled(() => tools.invoke(principal!, command.tool, parameters, options))
    return { outcome, command, principal }
  } catch (error) {
    if (error instanceof HubError && !comesAgain(error)) return { error, command, principal }
    if (!(error instanceof HubError))
      logger.error({ err: error, bus: bus.name, tool: command.tool }, 'a command failed inside the hub; it is delivered again')
    throw error
  }
}

/** Failures of the hub itself, not of the call: the command waits in the bus until they are over. */
function comesAgain({ code }: HubError): boolean {
  return code === 'database_unavailable' || code === 'shutting_down' || code === 'token_invalid' || code === 'too_many_attempts'
}

/** Without any key it cannot be known whether an earlier delivery of a command has acted. */
async function requireRepeatable(tools: Tools, { workspaceId }: Principal, { tool: name }: Command): Promise<void> {
  const tool = await tools.find(workspaceId, name)
  if (tool.action.effect === 'read') return
  throw hubError('outcome_unknown', {
    detail: `${name} may have been called: the command was delivered before, and it has neither a key nor an id`,
    hint: 'look whether it happened; send commands with an idempotency_key, or with task_id and step_id',
  })
}

const pick = ({ message, code, details }: HubError): Pick<HubError, 'message' | 'code' | 'details'> => ({ message, code, details })
