import type { JsonSchema } from '#expressions'
import { createArgumentChecks } from './arguments.ts'
import { everyStep } from './blocks.ts'
import { checkScripts } from './check-scripts.ts'
import { checkEventType, checkSteps, type StepDeps } from './check-steps.ts'
import { checkTriggers } from './check-triggers.ts'
import { parameterNames } from './parameters.ts'
import { isRecord } from '#lib/is-record'
import { checkShape, collectProblems, writtenPath, type Problems } from './problems.ts'
import { format as written } from './schema.ts'
import { createExpressionChecks, type Scope } from './scope.ts'
import { toolNameOf } from './queries.ts'
import { readSource } from './source.ts'
import type { Known, Parsed, ParseOptions } from './known.ts'
import type { Definition } from './types.ts'

/** Parses and checks a definition. Returns the definition, or all its problems at once. */
export async function parseDefinition(text: string, options: ParseOptions): Promise<Parsed> {
  const { format = text.trimStart().startsWith('{') ? 'json' : 'yaml', expressions, workspaceId, isBundled = false } = options
  const source = await readSource(text, { format, documents: expressions.documents, workspaceId, isBundled })
  if (Array.isArray(source)) return { problems: source }
  const problems = collectProblems(source)
  if (isRecord(source.value)) await checkFlow(problems, source.value, options)
  else problems.add([], 'a definition is a mapping', 'Begin with `id:` and `steps:`.')
  if (problems.list.length > 0) return { problems: problems.list.toSorted((a, b) => a.line - b.line || a.column - b.column) }
  return { definition: source.value as Definition }
}

/** Each step is compared with the steps before it. */
const maxSteps = 1000

async function checkFlow(problems: Problems, flow: Record<string, unknown>, options: ParseOptions): Promise<void> {
  const { known, expressions, workspaceId } = options
  if (allSteps(flow).length > maxSteps)
    return problems.add(['steps'], `there are more than ${maxSteps} steps`, 'Move parts into flows of their own.')
  checkShape(problems, written.flow, flow, [])
  const args = createArgumentChecks({ problems, schemas: expressions.schemas, workspaceId })
  const declared = (await args.declaration(flow['parameters'], ['parameters'])) ? (flow['parameters'] as JsonSchema) : undefined
  const checks = createExpressionChecks({
    problems,
    expressions,
    order: orderOf(problems, flow),
    parameters: parameterNames(flow['parameters']),
  })
  const flowId = typeof flow['id'] === 'string' ? flow['id'] : ''
  const deps: StepDeps = { problems, expressions: checks, arguments: args, known, flowId }

  const none: ReadonlySet<string> = new Set()
  const scope: Scope = { roots: new Set(['event', 'parameters', 'steps', 'flow', 'run']), visible: none, around: [] }
  checkTriggers({ ...deps, declared: flow['parameters'] === undefined ? {} : declared }, flow['on'], (type, path) =>
    checkEventType(deps, type, path),
  )
  checkToolName(problems, flow, known)
  if (isRecord(flow['concurrency'])) {
    const roots = new Set(['event', 'parameters', 'flow', 'run'])
    checks.templates(flow['concurrency']['key'], ['concurrency', 'key'], { ...scope, roots })
  }
  const visible = Array.isArray(flow['steps']) ? checkSteps(deps, flow['steps'], ['steps'], scope) : none
  const { on_error: onError } = flow
  if (isRecord(onError) && Array.isArray(onError['steps'])) {
    // Any step may have run before `on_error`, or none.
    const all = new Set([...everyStep(flow['steps'], [])].map(({ step }) => String(step['id'])))
    checkSteps(deps, onError['steps'], ['on_error', 'steps'], { roots: new Set([...scope.roots, 'error']), visible: all, around: [] })
  }
  checks.templates(flow['outputs'], ['outputs'], { ...scope, visible })
  await args.settle()
  await checkScripts({ problems, scripts: options.scripts, known, workspaceId }, allSteps(flow))
}

/** A flow's tool must not have the name of another tool, nor of a connector: whoever may call that connector's tools could call the flow's. */
function checkToolName(problems: Problems, { id, tool }: Record<string, unknown>, { reservedTool }: Known): void {
  if (typeof id !== 'string' || !(tool === true || isRecord(tool))) return
  const given = isRecord(tool) ? tool['name'] : undefined
  const name = typeof given === 'string' ? given : toolNameOf({ id, tool: true })
  const owner = reservedTool?.(name)
  if (owner === undefined) return
  const remedy = given === undefined ? 'Give the tool a `name`, or the flow another id.' : 'Give the tool another name.'
  problems.add(given === undefined ? ['tool'] : ['tool', 'name'], `\`${name}\` is the name of ${owner}`, remedy)
}

/** Those of `on_error` come last. */
function allSteps(flow: Record<string, unknown>) {
  const onError = isRecord(flow['on_error']) ? flow['on_error']['steps'] : undefined
  return [...everyStep(flow['steps'], ['steps']), ...everyStep(onError, ['on_error', 'steps'])]
}

/** The position of each step by id. Reports duplicate ids. */
function orderOf(problems: Problems, flow: Record<string, unknown>): Map<string, number> {
  const order = new Map<string, number>()
  const places = new Map<string, string>()
  for (const { step, path } of allSteps(flow)) {
    const { id } = step
    if (typeof id !== 'string') continue
    const first = places.get(id)
    if (first === undefined) {
      order.set(id, order.size)
      places.set(id, writtenPath(path))
    } else problems.add([...path, 'id'], `there are two steps \`${id}\``, `The other is ${first}. Give one of them another id.`)
  }
  return order
}
