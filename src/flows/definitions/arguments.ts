import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { HubError } from '#errors'
import { findTemplates, toSchemaError, type JsonSchema, type SchemaError, type Schemas } from '#expressions'
import { isRecord } from '#lib/is-record'
import { suggest, type Problems } from './problems.ts'
import { pathKey, type Path } from './source.ts'

/** What a call takes. */
export interface Accepted {
  /** What is called, for the messages. */
  readonly name: string
  readonly schema: JsonSchema
  /** A user wrote the schema, so it is evaluated within limits. */
  readonly byUser: boolean
}

export interface ArgumentChecks {
  /** Whether this is a valid JSON Schema of an object, as `parameters` requires. */
  declaration(schema: unknown, path: Path): Promise<boolean>
  /** Checks literal values. Values of templates are checked when the step runs. `settle` adds the problems that need a validation by a worker. */
  fit(accepted: Accepted, given: unknown, path: Path): void
  settle(): Promise<void>
}

export interface ArgumentDeps {
  readonly problems: Problems
  readonly schemas: Schemas
  readonly workspaceId: string
}

type Given = Readonly<Record<string, unknown>>

export function createArgumentChecks({ problems, schemas, workspaceId }: ArgumentDeps): ArgumentChecks {
  const waiting: (() => Promise<void>)[] = []
  let made: Ajv2020 | undefined
  // Created only when a definition needs it, because it takes 10 ms.
  const ajv = (): Ajv2020 => {
    if (made) return made
    made = new Ajv2020({ strict: false, validateSchema: false, allErrors: true, logger: false, addUsedSchema: false })
    formats.default(made)
    return made
  }

  const report = (errors: readonly SchemaError[], { name: of, schema }: Accepted, { value, path }: { value: Given; path: Path }): void => {
    const properties = isRecord(schema['properties']) ? schema['properties'] : {}
    const templates = findTemplates(value).map(({ path: inner }) => inner)
    for (const error of leaves(errors)) {
      const inner = partsOf(error, value)
      if (error.keyword === 'additionalProperties' && inner.length <= 1) continue
      if (templates.some((template) => reaches(error, inner, template))) continue
      if (error.missing !== undefined) {
        const where = inner.length === 0 ? of : `\`${String(inner.at(-1))}\``
        problems.add(
          [...path, ...inner],
          `${where} needs \`${error.missing}\``,
          `Add it. ${describe(inner.length === 0 ? properties[error.missing] : undefined)}`.trim(),
          'key',
        )
      } else {
        problems.add([...path, ...inner], `this ${error.message}`, describe(properties[String(inner[0])]) || `See the input of ${of}.`)
      }
    }
  }

  const reportUnknown = ({ name: of, schema }: Accepted, { value, path }: { value: Given; path: Path }): void => {
    const names = Object.keys(isRecord(schema['properties']) ? schema['properties'] : {})
    const open = schema['patternProperties'] !== undefined || (schema['additionalProperties'] ?? names.length === 0) !== false
    for (const name of Object.keys(value)) {
      if (open || names.includes(name)) continue
      problems.add(
        [...path, name],
        `${of} takes no \`${name}\``,
        `${suggest(name, names)} It takes: ${names.join(', ') || 'nothing'}.`,
        'key',
      )
    }
  }

  const trustedErrors = (schema: JsonSchema, value: Given): SchemaError[] => {
    let check
    try {
      check = ajv().compile(schema)
    } catch {
      // The schema of a tool is checked where the tool is declared.
      return []
    }
    return check(value) ? [] : (check.errors ?? []).map(toSchemaError)
  }

  return {
    async declaration(schema, path) {
      if (!isRecord(schema)) return false
      const { type } = schema
      const faults = await schemas.check(schema, { workspaceId })
      for (const { path: inner, message } of faults)
        problems.add(
          [...path, ...inner],
          `this is no JSON Schema: ${message}`,
          'See json-schema.org, draft 2020-12, and docs/flows.md for its limits.',
        )
      if (faults.length > 0) return false
      if (type === undefined || type === 'object') return true
      problems.add([...path, 'type'], 'parameters are an object', 'Write `type: object`, and the parameters under `properties`.')
      return false
    },
    fit(accepted, given, path) {
      const value = given ?? {}
      if (!isRecord(value)) return
      const place = { value, path }
      reportUnknown(accepted, place)
      if (accepted.byUser)
        waiting.push(async () => report((await schemas.validate(accepted.schema, value, { workspaceId })).errors, accepted, place))
      else report(trustedErrors(accepted.schema, value), accepted, place)
    },
    async settle() {
      try {
        // One after the other, so that the first one that exceeds its limits ends the check.
        for (const check of waiting) await check()
      } catch (error) {
        if (!(error instanceof HubError)) throw error
        problems.add([], 'the arguments of a call could not be checked', error.message)
      }
    },
  }
}

/** Whether an error may be about a template: at its place, around it, or in one of several alternatives. */
function reaches({ keyword, schemaPath }: SchemaError, at: Path, template: Path): boolean {
  const shared = (length: number): boolean => pathKey(at.slice(0, length)) === pathKey(template.slice(0, length))
  if (template.length <= at.length && shared(template.length)) return true
  if (!shared(at.length)) return false
  return (
    !/^(required|additionalProperties|type|minProperties|maxProperties|minItems|maxItems)$/.test(keyword) ||
    /\/(anyOf|oneOf|not|if)\//.test(schemaPath)
  )
}

/** The first error of each place, and every error about a missing or an unknown property. */
function leaves(errors: readonly SchemaError[]): SchemaError[] {
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

/** Turns the validator's pointer into a path, in which list indexes are numbers. */
function partsOf({ instancePath, extra }: SchemaError, value: unknown): Path {
  const parts: (string | number)[] = []
  let at = value
  for (const part of instancePath.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const key = Array.isArray(at) ? Number(name) : name
    parts.push(key)
    at = (at as Record<string | number, unknown> | undefined)?.[key]
  }
  if (extra !== undefined) parts.push(extra)
  return parts
}

function describe(schema: unknown): string {
  return isRecord(schema) && typeof schema['description'] === 'string' ? schema['description'] : ''
}
