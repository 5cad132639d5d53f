import type { Fault } from './compile.ts'

interface Limits {
  readonly timeoutMs: number
  readonly maxOutputBytes: number
}

/** One evaluation, as it is sent to a worker. */
export interface ExpressionJob extends Limits {
  readonly kind: 'expression'
  readonly text: string
  /** `{ input, bindings }` as JSON. */
  readonly payload: string
}

/** One validation, as it is sent to a worker. */
export interface SchemaJob extends Limits {
  readonly kind: 'schema'
  /** The schema as JSON. */
  readonly text: string
  /** The value as JSON; without it, the schema is only compiled. */
  readonly payload: string | undefined
}

/** One document to parse, as it is sent to a worker. */
export interface DocumentJob extends Limits {
  readonly kind: 'document'
  readonly text: string
}

export type Job = ExpressionJob | SchemaJob | DocumentJob

export type Answer = { readonly output: string | undefined } | { readonly fault: Fault }

/** What a worker sends when it has started, and after each job. */
export interface Report {
  readonly answer?: Answer
  /** The processor time that it has used since its start. */
  readonly cpuMs: number
}
