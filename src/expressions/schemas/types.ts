import type { SchemaFault } from './faults.ts'
import type { SchemaError } from './validator.ts'

export interface SchemaOptions {
  readonly workspaceId: string
}

/** A JSON Schema, as it was written. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Validation {
  /** At most 50; empty if the value fits. */
  readonly errors: readonly SchemaError[]
  /** The value with the schema's defaults filled in. */
  readonly value: unknown
}

/**
 * JSON Schemas that people and agents wrote, draft 2020-12, within limits of time, memory, depth and size. Regular expressions run in linear
 * time. Connectors' schemas are not checked here, because they are part of the hub.
 */
export interface Schemas {
  /** Why the schema cannot be used; empty if it can. */
  check(schema: unknown, options: SchemaOptions): Promise<readonly SchemaFault[]>
  /** Throws `expression_limit` if the validation exceeds its limits, and `expression_failed` if the schema cannot be used. */
  validate(schema: JsonSchema, value: unknown, options: SchemaOptions): Promise<Validation>
}
