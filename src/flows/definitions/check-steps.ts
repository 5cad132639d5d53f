import { innerBlocks, itemName, type InnerBlock } from './blocks.ts'
import type { ArgumentChecks } from './arguments.ts'
import type { Known } from './known.ts'
import { isRecord } from '#lib/is-record'
import { checkShape, suggest, type Problems } from './problems.ts'
import { format, stepKinds } from './schema.ts'
import type { ExpressionChecks, Scope } from './scope.ts'
import type { Path } from './source.ts'
import type { StepKind } from './types.ts'

export interface StepDeps {
  readonly problems: Problems
  readonly expressions: ExpressionChecks
  readonly arguments: ArgumentChecks
  readonly known: Known
  readonly flowId: string
}

type Fields = Readonly<Record<string, unknown>>

/** Checks steps one after the other and returns the steps that have certainly run after them. */
export function checkSteps(deps: StepDeps, steps: readonly unknown[], path: Path, scope: Scope): Set<string> {
  const visible = new Set(scope.visible)
  steps.forEach((step, index) => {
    for (const id of checkStep(deps, step, [...path, index], { ...scope, visible: new Set(visible) })) visible.add(id)
  })
  return visible
}

function checkStep(deps: StepDeps, step: unknown, path: Path, outer: Scope): string[] {
  const { problems } = deps
  if (!isRecord(step)) {
    problems.add(path, 'a step is a mapping', 'Write `id:` and what it does, such as `uses:`.')
    return []
  }
  const id = typeof step['id'] === 'string' ? step['id'] : undefined
  const scope: Scope = { ...outer, around: [...outer.around, id ?? ''] }
  const kind = kindOf(problems, step, path)
  if (kind) checkShape(problems, format.kinds[kind], step, path)
  else if (id === undefined) problems.add(path, '`id` is missing', 'Add it: later steps refer to this one by it.')
  checkFields(deps, step, path, scope)
  return [...checkBlocks(deps, innerBlocks(step), path, scope), ...(id === undefined ? [] : [id])]
}

function kindOf(problems: Problems, step: Fields, path: Path): StepKind | undefined {
  const kinds = stepKinds.filter((kind) => Object.hasOwn(step, kind))
  const [kind, other] = kinds
  if (kind && other) {
    problems.add([...path, other], `a step does one thing, and this has \`${kind}\` and \`${other}\``, 'Make two steps of it.', 'key')
    return undefined
  }
  if (kind) return kind
  const common = new Set(Object.keys(format.kinds.uses.shape))
  const stray = Object.keys(step).find((key) => !common.has(key))
  const known = `A step has one of: ${stepKinds.map((name) => (name === 'then' ? 'if with then' : name)).join(', ')}.`
  if (stray === undefined) problems.add(path, 'this step does nothing', known)
  else problems.add([...path, stray], `there is no kind of step called \`${stray}\``, `${suggest(stray, stepKinds)} ${known}`, 'key')
  return undefined
}

function checkBlocks(deps: StepDeps, blocks: readonly InnerBlock[], path: Path, scope: Scope): string[] {
  const visibleAfter: string[] = []
  const siblings = new Set<string>()
  for (const block of blocks) {
    const before = new Set([...scope.visible, ...(block.names.includes('error') || block.visibility === 'after' ? siblings : [])])
    const roots = new Set([...scope.roots, ...block.names])
    const after = checkSteps(deps, block.steps, [...path, ...block.path], { ...scope, roots, visible: before })
    const added = [...after].filter((id) => !before.has(id))
    if (block.visibility === 'after') visibleAfter.push(...added)
    if (block.visibility === 'siblings') for (const id of added) siblings.add(id)
  }
  return visibleAfter
}

/** Checks the fields of a step even when its kind is unclear, so that several problems are reported at once. */
function checkFields(deps: StepDeps, step: Fields, path: Path, scope: Scope): void {
  const { expressions, problems } = deps
  const at = (...parts: Path): Path => [...path, ...parts]
  expressions.condition(step['if'], at('if'), scope)
  if (step['uses'] !== undefined) checkCall(deps, step, path, scope)
  if (step['flow'] !== undefined) checkSubFlow(deps, step, path, scope)
  if (step['script'] !== undefined) expressions.templates(step['with'], at('with'), scope)
  for (const name of ['transform', 'emit', 'wait']) expressions.templates(step[name], at(name), scope)
  if (typeof step['wait'] === 'string' && !step['wait'].includes('${{') && !/^(\d+(ms|[smhdw]))+$/.test(step['wait'])) {
    problems.add(at('wait'), 'a duration looks like `30s`, `1h30m` or `90d`', 'Write how long, or `until:` with a time.')
  }
  const { switch: choice, for_each: each, wait_for: awaited, approve, emit } = step
  if (isRecord(emit) && typeof emit['type'] === 'string' && !emit['type'].includes('${{')) {
    const owner = deps.known.reservedType?.(emit['type'])
    if (owner !== undefined)
      problems.add(at('emit', 'type'), `only ${owner} publishes events \`${emit['type']}\``, 'Begin the type with a word of your own.')
  }
  if (isRecord(choice)) {
    expressions.templates(choice['on'], at('switch', 'on'), scope)
    if (Array.isArray(choice['cases'])) {
      choice['cases'].forEach((one: unknown, index) => {
        if (isRecord(one)) expressions.templates(one['when'], at('switch', 'cases', index, 'when'), scope)
      })
    }
  }
  if (isRecord(each)) {
    expressions.templates(each['in'], at('for_each', 'in'), scope)
    if (typeof each['in'] === 'string' && !each['in'].includes('${{')) {
      problems.add(at('for_each', 'in'), 'this is a text, not a list', 'Write a list, or a template that gives one: `${{ … }}`.')
    }
    if (scope.roots.has(itemName(each))) {
      const place = each['as'] === undefined ? at('for_each') : at('for_each', 'as')
      problems.add(place, `\`${itemName(each)}\` already means something here`, 'Choose another name with `as`.')
    }
  }
  if (isRecord(awaited)) {
    checkEventType(deps, awaited['event'], at('wait_for', 'event'))
    expressions.condition(awaited['filter'], at('wait_for', 'filter'), { ...scope, roots: new Set(['event']) })
    expressions.condition(awaited['correlate'], at('wait_for', 'correlate'), scope)
  }
  if (isRecord(approve)) {
    expressions.templates(approve['message'], at('approve', 'message'), scope)
    if (isRecord(approve['call'])) checkCall(deps, approve['call'], at('approve', 'call'), scope)
  }
}

function checkCall({ problems, expressions, arguments: args, known }: StepDeps, call: Fields, path: Path, scope: Scope): void {
  expressions.templates(call['with'], [...path, 'with'], scope)
  expressions.templates(call['integration'], [...path, 'integration'], scope)
  const name = call['uses']
  if (typeof name !== 'string') return
  const place = [...path, 'uses']
  if (name.includes('${{'))
    return problems.add(place, 'which tool is called cannot be computed', 'Write its name, and use `switch` to choose among several.')
  const tool = known.tool(name)
  if (!tool) return problems.add(place, `there is no tool \`${name}\``, suggest(name, known.toolNames()))
  args.fit({ name: `\`${name}\``, schema: tool.inputSchema, byUser: tool.byUser }, call['with'], [...path, 'with'])
}

function checkSubFlow({ problems, expressions, arguments: args, known, flowId }: StepDeps, step: Fields, path: Path, scope: Scope): void {
  expressions.templates(step['with'], [...path, 'with'], scope)
  const id = step['flow']
  if (typeof id !== 'string') return
  const place = [...path, 'flow']
  if (id.includes('${{'))
    return problems.add(place, 'which flow is run cannot be computed', 'Write its id, and use `switch` to choose among several.')
  if (id === flowId)
    return problems.add(place, 'the flow runs itself', 'Use `for_each` to repeat, or make a flow of its own of what repeats.')
  if (!known.flow) return
  const flow = known.flow(id)
  if (!flow) return problems.add(place, `there is no flow \`${id}\``, `${suggest(id, known.flowIds?.() ?? [])} Save it first.`)
  const chain = chainTo(known, id, flowId)
  if (chain) return problems.add(place, `the flow comes back to itself: ${[flowId, ...chain].join(' → ')}`, 'Break the circle.')
  if (flow.parameters) args.fit({ name: `\`${id}\``, schema: flow.parameters, byUser: true }, step['with'], [...path, 'with'])
}

/** The path from one flow to another through the flows that each runs. */
function chainTo(known: Known, from: string, to: string, seen = new Set<string>()): string[] | undefined {
  if (from === to) return [to]
  if (seen.has(from)) return undefined
  seen.add(from)
  for (const next of known.flow?.(from)?.runs ?? []) {
    const rest = chainTo(known, next, to, seen)
    if (rest) return [from, ...rest]
  }
  return undefined
}

/** A connector may declare `name.*` when it does not know all its types. */
function fitsType(type: string, types: readonly string[]): boolean {
  return types.some((known) => known === type || (known.endsWith('.*') && type.startsWith(known.slice(0, -1))))
}

export function checkEventType({ problems, known }: Pick<StepDeps, 'problems' | 'known'>, type: unknown, path: Path): void {
  const types = known.eventTypes
  if (!types || typeof type !== 'string' || type === '*' || fitsType(type, types)) return
  const stem = type.endsWith('.*') ? type.slice(0, -1) : undefined
  if (stem !== undefined && types.some((one) => one.startsWith(stem))) return
  // Events of unknown sources may have any type; a declared source must have the type.
  const family = `${type.split('.')[0]}.`
  const kin = types.filter((one) => one.startsWith(family))
  if (kin.length > 0) problems.add(path, `there is no event \`${type}\``, suggest(type, kin))
}
