import { startOf, type Node, type Pair } from './ast.ts'

/** A name that an expression expects to find in its input, or a variable (`$…`) that it expects to be bound. */
export interface FreeName {
  readonly name: string
  /** The name and the literal path below it, such as `steps.diff.output`. */
  readonly path: readonly string[]
  readonly offset: number
}

export interface Reach {
  readonly names: readonly FreeName[]
  /** It reads its whole input (`$`, `*`, `**`), so the names do not cover everything that it reads. */
  readonly whole: boolean
}

interface Place {
  /** Whether names are looked up in the input itself and not in a part of it. */
  readonly root: boolean
  readonly bound: ReadonlySet<string>
}

/** The functions that are always available. */
export const builtins: ReadonlySet<string> = new Set(
  `abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl decodeUrlComponent distinct each
  encodeUrl encodeUrlComponent error exists filter floor formatBase formatInteger formatNumber fromMillis join keys length lookup lowercase
  map match max merge millis min not now number pad parseInteger power random reduce replace reverse round shuffle sift single sort split
  spread sqrt string substring substringAfter substringBefore sum toMillis trim type uppercase zip`.split(/\s+/),
)

/** Chains of operators count as nesting too. */
const maxDepth = 200

/** Functions that use the context as their first argument if they get only the second one. */
const contextual = new Set(['lookup', 'sift', 'each'])

export function reachOf(text: string, ast: Node): Reach {
  const names: FreeName[] = []
  let whole = false
  let depth = 0

  const free = (node: Node, name: string, path: readonly string[]): void => void names.push({ name, path, offset: startOf(text, node) })

  const all = (nodes: readonly Node[] | undefined, place: Place): void => {
    for (const node of nodes ?? []) visit(node, place)
  }
  const pairs = (list: readonly Pair[] | undefined, place: Place): void => {
    for (const pair of list ?? []) all(pair, place)
  }

  const path = (steps: readonly Node[], place: Place): Place => {
    let below = place
    steps.forEach((step, index) => {
      const at: Place = index === 0 ? place : below
      if (step.type === 'name' && at.root) free(step, String(step.value), namesFrom(steps, index))
      else if (step.type === 'variable') variable(step, at, namesFrom(steps, index))
      else if (step.type !== 'name') inner(step, at)
      // `$.x` and `$$.x` at the root are `x`.
      const stays = step.type === 'variable' && (step.value === '$' || (step.value === '' && at.root))
      const bound = new Set(below.bound)
      if (step.focus !== undefined) bound.add(step.focus)
      if (step.index !== undefined) bound.add(step.index)
      for (const stage of step.stages ?? []) if (stage.type === 'index') bound.add(String(stage.value))
      below = { root: stays, bound }
      // Predicates are evaluated on the result of the step.
      for (const stage of [...(step.stages ?? []), ...(step.predicate ?? [])]) if (stage.expr) visit(stage.expr, { root: false, bound })
      pairs(step.group?.lhs, { root: false, bound })
    })
    return below
  }

  const variable = (node: Node, { root, bound }: Place, written: readonly string[]): void => {
    const name = String(node.value)
    if (name === '' || name === '$') {
      // A name that follows is reported by itself.
      if (written.length < 2 && (root || name === '$')) whole = true
    } else if (!bound.has(name) && !builtins.has(name)) free(node, `$${name}`, [`$${name}`, ...written.slice(1)])
  }

  const block = (node: Node, place: Place): void => {
    // A variable is valid from its binding to the end of its block.
    const bound = new Set(place.bound)
    const scope = { root: place.root, bound }
    for (const part of node.expressions ?? []) visit(part, scope)
  }

  const visit = (node: Node, place: Place): void => {
    if (++depth > maxDepth) throw new RangeError('the expression is nested too deeply')
    visitHere(node, place)
    depth--
  }

  const visitHere = (node: Node, place: Place): void => {
    if (node.type === 'path') {
      const end = path(node.steps!, place)
      pairs(node.group?.lhs, { root: false, bound: end.bound })
      for (const { expr } of node.predicate ?? []) if (expr) visit(expr, { root: false, bound: end.bound })
      return
    }
    if (node.type === 'variable') variable(node, place, [String(node.value)])
    else inner(node, place)
    pairs(node.group?.lhs, { root: false, bound: place.bound })
    for (const { expr } of node.predicate ?? []) if (expr) visit(expr, { root: false, bound: place.bound })
  }

  const inner = (node: Node, place: Place): void => {
    switch (node.type) {
      case 'wildcard':
      case 'descendant':
      case 'parent':
        if (place.root || node.type === 'parent') whole = true
        return
      case 'block':
        return block(node, place)
      case 'bind': {
        const name = String((node.lhs as Node).value)
        // A function can call itself by its own name.
        if (node.rhs!.type === 'lambda') (place.bound as Set<string>).add(name)
        visit(node.rhs!, place)
        ;(place.bound as Set<string>).add(name)
        return
      }
      case 'lambda': {
        const bound = new Set(place.bound)
        for (const { value } of node.arguments ?? []) bound.add(String(value))
        return visit(node.body!, { root: place.root, bound })
      }
      case 'function':
      case 'partial':
        // Many functions use the context if their first argument is missing.
        if (place.root && node.arguments!.length <= (contextual.has(String(node.procedure!.value)) ? 1 : 0)) whole = true
        visit(node.procedure!, place)
        return all(node.arguments, place)
      case 'sort':
        for (const { expression } of node.terms ?? []) visit(expression, { root: false, bound: place.bound })
        return
      case 'transform':
        for (const part of [node.pattern, node.update, node.delete]) if (part) visit(part, { root: false, bound: place.bound })
        return
      case 'condition':
        return all([node.condition!, node.then!, ...(node.else ? [node.else] : [])], place)
      default:
        if (isPairs(node.lhs)) pairs(node.lhs, place)
        else if (node.lhs) visit(node.lhs, place)
        for (const part of [node.rhs, node.expression]) if (part) visit(part, place)
        all(node.expressions, place)
    }
  }

  visit(ast, { root: true, bound: new Set() })
  // The parser duplicates the left side of `?:` and `??`.
  const seen = new Set<string>()
  const once = names.filter(({ name, offset }) => !seen.has(`${offset} ${name}`) && seen.add(`${offset} ${name}`))
  return { names: once, whole }
}

export function isPairs(value: Node['lhs']): value is readonly Pair[] {
  return Array.isArray(value)
}

function namesFrom(steps: readonly Node[], index: number): string[] {
  const found = [String(steps[index]!.value)]
  for (let at = index; at < steps.length - 1; at++) {
    // After a predicate the names belong to its items, which makes no difference here.
    const next = steps[at + 1]!
    if (next.type !== 'name') break
    found.push(String(next.value))
  }
  return found
}
