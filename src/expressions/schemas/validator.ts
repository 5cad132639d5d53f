import { Ajv2020, type ErrorObject, type Format, type Options } from 'ajv/dist/2020.js'

/** What of a value does not fit its schema, and where. */
export interface SchemaError {
  readonly keyword: string
  /** JSON pointers into the value and into the schema. */
  readonly instancePath: string
  readonly schemaPath: string
  readonly message: string
  /** The name of the property that is missing. */
  readonly missing?: string
  /** The name of the property that must not be there. */
  readonly extra?: string
}

export interface ValidatorOptions {
  readonly formats: Readonly<Record<string, Format>>
  /** Makes regular expressions; without it, schemas have none. */
  readonly regExp?: NonNullable<NonNullable<Options['code']>['regExp']>
}

export type Validator = (value: unknown) => SchemaError[]

const maxErrors = 50
const maxShown = 500

/** Compiles a schema in which `faultsOf` finds nothing. A validator fills in the defaults in place. */
export function compileSchema(text: string, { formats, regExp }: ValidatorOptions): Validator {
  // One instance for each schema, because an instance keeps all that it compiled.
  const ajv = new Ajv2020({
    strict: false,
    meta: false,
    validateSchema: false,
    // Otherwise a definition is compiled once more for each reference to it.
    inlineRefs: false,
    allErrors: true,
    logger: false,
    useDefaults: true,
    formats,
    ...(regExp ? { code: { regExp } } : {}),
  })
  const { $schema: _, ...schema } = JSON.parse(text) as Record<string, unknown>
  const validate = ajv.compile(schema)
  // oxlint-disable-next-line no-unnecessary-boolean-literal-compare -- The types say boolean, but a schema with `$async` returns a promise.
  return (value) => (validate(value) === true ? [] : (validate.errors ?? []).slice(0, maxErrors).map(toSchemaError))
}

export function toSchemaError({ keyword, instancePath, schemaPath, message, params }: ErrorObject): SchemaError {
  const { missingProperty, additionalProperty, unevaluatedProperty } = params as Record<string, unknown>
  const extra = additionalProperty ?? unevaluatedProperty
  return {
    keyword,
    instancePath: instancePath.slice(0, maxShown),
    schemaPath: schemaPath.slice(0, maxShown),
    message: (message ?? 'does not fit').slice(0, maxShown),
    ...(typeof missingProperty === 'string' ? { missing: missingProperty.slice(0, maxShown) } : {}),
    ...(typeof extra === 'string' ? { extra: extra.slice(0, maxShown) } : {}),
  }
}
