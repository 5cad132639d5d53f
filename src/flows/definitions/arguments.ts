import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { findTemplates } from '#expressions'
import { isRecord, suggest, type Problems } from './problems.ts'
import { pathKey, type Path } from './source.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

export interface ArgumentChecks {
  /** Whether this is a valid JSON Schema of an object, as `parameters` requires. */
  declaration(schema: unknown, path: Path): boolean
  /** Checks literal values. Values of templates are checked when the step runs. */
  fit(schema: JsonSchema, given: unknown, path: Path, of: string): void
}

const maxDepth = 32

export function createArgumentChecks(problems: Problems): ArgumentChecks {
  const made = new Map<boolean, Ajv2020>()
  // Created only when a definition needs it, because it takes 10 ms.
  const ajvOf = (strictSchema: boolean): Ajv2020 => {
    const there = made.get(strictSchema)
    if (there) return there
    const ajv = new Ajv2020({
      strict: false,
      strictSchema,
      validateSchema: strictSchema,
      allErrors: true,
      logger: false,
      addUsedSchema: false,
    })
    formats.default(ajv)
    made.set(strictSchema, ajv)
    return ajv
  }

  return {
    declaration(schema, path) {
      if (!isRecord(schema)) return false
      if (depthOf(schema) > maxDepth) {
        problems.add(path, 'the schema is nested too deeply', `Nest at most ${maxDepth} levels.`)
        return false
      }
      const ajv = ajvOf(true)
      if (ajv.validateSchema(schema) !== true) {
        for (const error of leaves(ajv.errors ?? [])) {
          problems.add(
            [...path, ...partsOf(error, schema)],
            `this is no JSON Schema: ${error.message ?? 'it does not fit'}`,
            'See json-schema.org, draft 2020-12.',
          )
        }
        return false
      }
      if (schema['type'] !== undefined && schema['type'] !== 'object') {
        problems.add([...path, 'type'], 'parameters are an object', 'Write `type: object`, and the parameters under `properties`.')
        return false
      }
      try {
        ajv.compile(schema)
        return true
      } catch (error) {
        const message = (error as Error).message.replace(/^strict mode: /, '').slice(0, 200)
        problems.add(path, `this is no JSON Schema: ${message}`, 'See json-schema.org, draft 2020-12.')
        return false
      }
    },
    fit(schema, given, path, of) {
      const value = given ?? {}
      if (!isRecord(value)) return
      const properties = isRecord(schema['properties']) ? schema['properties'] : {}
      const names = Object.keys(properties)
      const open = schema['patternProperties'] !== undefined || (schema['additionalProperties'] ?? names.length === 0) !== false
      for (const name of Object.keys(value)) {
        if (!open && !Object.hasOwn(properties, name)) {
          problems.add(
            [...path, name],
            `${of} takes no \`${name}\``,
            `${suggest(name, names)} It takes: ${names.join(', ') || 'nothing'}.`,
            'key',
          )
        }
      }
      let check
      try {
        check = ajvOf(false).compile(schema)
      } catch {
        // The schema of a tool is checked where the tool is declared.
        return
      }
      if (check(value)) return
      const templates = findTemplates(value).map(({ path: inner }) => inner)
      for (const error of leaves(check.errors ?? [])) {
        const inner = partsOf(error, value)
        if (error.keyword === 'additionalProperties' && inner.length <= 1) continue
        if (templates.some((template) => reaches(error, inner, template))) continue
        if (error.keyword === 'required') {
          const missing = String((error.params as { missingProperty: unknown }).missingProperty)
          const where = inner.length === 0 ? of : `\`${String(inner.at(-1))}\``
          problems.add(
            [...path, ...inner],
            `${where} needs \`${missing}\``,
            `Add it. ${describe(inner.length === 0 ? properties[missing] : undefined)}`.trim(),
            'key',
          )
        } else {
          problems.add(
            [...path, ...inner],
            `this ${error.message ?? 'does not fit'}`,
            describe(properties[String(inner[0])]) || `See the input of ${of}.`,
          )
        }
      }
    },
  }
}

/** Whether an error may be about a template: at its place, around it, or in one of several alternatives. */
function reaches({ keyword, schemaPath }: ErrorObject, at: Path, template: Path): boolean {
  const shared = (length: number): boolean => pathKey(at.slice(0, length)) === pathKey(template.slice(0, length))
  if (template.length <= at.length && shared(template.length)) return true
  if (!shared(at.length)) return false
  return (
    !/^(required|additionalProperties|type|minProperties|maxProperties|minItems|maxItems)$/.test(keyword) ||
    /\/(anyOf|oneOf|not|if)\//.test(schemaPath)
  )
}

/** The first error of each place, and every error about a missing or an unknown property. */
function leaves(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  const seen = new Set<string>()
  return errors.filter((error) => {
    const { keyword, instancePath, schemaPath } = error
    if (keyword === 'if') return false
    // The error of the whole choice replaces the errors of its alternatives.
    if (choices.some((choice) => instancePath.startsWith(choice.instancePath) && schemaPath.startsWith(`${choice.schemaPath}/`)))
      return false
    if (keyword === 'required' || keyword === 'additionalProperties') return true
    return !seen.has(instancePath) && seen.add(instancePath)
  })
}

/** Turns ajv's pointer into a path, in which list indexes are numbers. */
function partsOf({ instancePath, keyword, params }: ErrorObject, value: unknown): Path {
  const parts: (string | number)[] = []
  let at = value
  for (const part of instancePath.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const key = Array.isArray(at) ? Number(name) : name
    parts.push(key)
    at = (at as Record<string | number, unknown> | undefined)?.[key]
  }
  if (keyword === 'additionalProperties') parts.push(String((params as { additionalProperty: unknown }).additionalProperty))
  return parts
}

function describe(schema: unknown): string {
  return isRecord(schema) && typeof schema['description'] === 'string' ? schema['description'] : ''
}

function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return depth
  return Math.max(depth, ...Object.values(value).map((inner) => depthOf(inner, depth + 1)))
}
