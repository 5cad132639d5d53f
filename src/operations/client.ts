import type { z } from 'zod'
import type { Operation } from './operation.ts'

type Operations = Readonly<Record<string, Operation>>

/** Every operation as a function: what a caller in any transport may do, typed from the list of operations. */
export type Client<All> = {
  readonly [Key in keyof All]: All[Key] extends Operation<string, infer In, infer Json> ? (input: z.input<In>) => Promise<Json> : never
}

type Call = <In extends z.ZodType, Json>(operation: Operation<string, In, Json>, input: z.input<In>) => Promise<Json>

export function createClient<All extends object>(all: All, call: Call): Client<All> {
  const entries = Object.entries(all as Operations).map(([key, operation]) => [key, (input: unknown) => call(operation, input)] as const)
  return Object.fromEntries(entries) as Client<All>
}
