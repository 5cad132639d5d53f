import { stepKinds } from './schema.ts'
import type { Definition, ExecutableDefinition, Step, StepKind, StepOf } from './types.ts'

/** Gives each step of a checked definition its kind. */
export function toExecutable({ steps, on_error: onError, ...rest }: Definition): ExecutableDefinition {
  return { ...rest, steps: tagAll(steps), ...(onError ? { on_error: { steps: tagAll(onError.steps) } } : {}) }
}

function tagAll(steps: readonly unknown[]): Step[] {
  return steps.map((step) => withInner({ ...(step as object), kind: kindOf(step as object) } as Step))
}

function kindOf(step: object): StepKind {
  return stepKinds.find((kind) => Object.hasOwn(step, kind))!
}

function withInner(step: Step): Step {
  switch (step.kind) {
    case 'then':
      return { ...step, then: tagAll(step.then), ...(step.else ? { else: tagAll(step.else) } : {}) }
    case 'switch':
      return { ...step, switch: tagSwitch(step.switch) }
    case 'for_each':
      return { ...step, for_each: { ...step.for_each, steps: tagAll(step.for_each.steps) } }
    case 'parallel': {
      const branches = Object.entries(step.parallel.branches).map(([name, steps]) => [name, tagAll(steps)] as const)
      return { ...step, parallel: { branches: Object.fromEntries(branches) } }
    }
    case 'try': {
      const { try: tried, catch: caught, finally: last, ...rest } = step
      return {
        ...rest,
        try: { steps: tagAll(tried.steps) },
        ...(caught ? { catch: { steps: tagAll(caught.steps) } } : {}),
        ...(last ? { finally: { steps: tagAll(last.steps) } } : {}),
      }
    }
    default:
      return step
  }
}

function tagSwitch({ on, cases, default: otherwise }: StepOf<'switch'>['switch']): StepOf<'switch'>['switch'] {
  return {
    on,
    cases: cases.map(({ when, steps }) => ({ when, steps: tagAll(steps) })),
    ...(otherwise ? { default: tagAll(otherwise) } : {}),
  }
}
