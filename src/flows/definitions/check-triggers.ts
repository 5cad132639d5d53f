import type { JsonSchema } from '#expressions'
import { CronFault, nextTimes } from '../triggers/schedule/cron.ts'
import type { StepDeps } from './check-steps.ts'
import { isRecord } from '#lib/is-record'
import { checkShape, suggest, type Problems } from './problems.ts'
import { format } from './schema.ts'
import type { Scope } from './scope.ts'
import type { Path } from './source.ts'

interface TriggerDeps extends StepDeps {
  /** The schema of the parameters; undefined when it is invalid. */
  readonly declared: JsonSchema | undefined
}

const kinds = ['event', 'schedule', 'bus'] as const

export function checkTriggers(deps: TriggerDeps, triggers: unknown, checkType: (type: unknown, path: Path) => void): void {
  if (!Array.isArray(triggers)) return
  const { problems, expressions, declared } = deps
  triggers.forEach((trigger: unknown, index) => {
    const path = ['on', index]
    const found = isRecord(trigger) ? kinds.filter((kind) => Object.hasOwn(trigger, kind)) : []
    const [kind, other] = found
    if (!isRecord(trigger) || !kind || other) {
      const [stray] = isRecord(trigger) && !kind ? Object.keys(trigger) : []
      const remedy = `Write one of: ${kinds.join(', ')}.`
      if (other) problems.add([...path, other], 'a trigger is one thing', 'Make two triggers of it.', 'key')
      else if (stray !== undefined)
        problems.add([...path, stray], `there is no trigger \`${stray}\``, `${suggest(stray, kinds)} ${remedy}`, 'key')
      else problems.add(path, 'a trigger is a mapping', remedy)
      return
    }
    checkShape(problems, format.triggers[kind], trigger, path)
    const scope: Scope = { roots: new Set(kind === 'schedule' ? ['flow'] : ['event', 'flow']), visible: new Set(), around: [] }
    expressions.condition(trigger['filter'], [...path, 'filter'], { ...scope, roots: new Set(['event']) })
    expressions.templates(trigger['parameters'], [...path, 'parameters'], scope)
    if (kind === 'event') checkType(trigger['event'], [...path, 'event'])
    if (kind === 'schedule') checkSchedule(problems, trigger, path)
    if (declared) deps.arguments.fit({ name: 'the flow', schema: declared, byUser: true }, trigger['parameters'], [...path, 'parameters'])
  })
}

function checkSchedule(problems: Problems, { schedule, timezone = 'UTC' }: Record<string, unknown>, path: Path): void {
  if (typeof schedule !== 'string' || typeof timezone !== 'string') return
  try {
    if (nextTimes(schedule, timezone, new Date(), 1).length > 0) return
    problems.add([...path, 'schedule'], 'this time never comes', 'Check the day and the month.')
  } catch (error) {
    if (!(error instanceof CronFault)) throw error
    const known = error.part === 'timezone' ? suggest(timezone, Intl.supportedValuesOf('timeZone')) : undefined
    problems.add([...path, error.part], error.message, known ?? 'Write minute, hour, day, month and weekday, such as `0 9 * * MON-FRI`.')
  }
}
