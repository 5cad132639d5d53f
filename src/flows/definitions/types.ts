import type { z } from 'zod'
import type { formatOf } from './schema.ts'

/** Stands for the steps inside a step or a flow, which the schema checks one by one. */
interface InnerStep {
  readonly inner: unique symbol
}

type Format = ReturnType<typeof formatOf<z.ZodType<InnerStep>>>
type Kinds = Format['kinds']
type Triggers = Format['triggers']

export type Trigger = { readonly [Kind in keyof Triggers]: Readonly<z.output<Triggers[Kind]>> }[keyof Triggers]

/** A flow as it is written, without defaults filled in; the schema describes the defaults. */
export type Definition = Readonly<Omit<z.output<Format['flow']>, 'on'>> & { readonly on?: readonly Trigger[] }

/** The key that a kind of step has and no other kind has. */
export type StepKind = keyof Kinds

/** The same type with steps in the place of inner steps. */
type WithSteps<T> = T extends readonly InnerStep[]
  ? readonly Step[]
  : T extends object
    ? { readonly [Key in keyof T]: WithSteps<T[Key]> }
    : T

/** Steps of some kinds, tagged with the kind. */
export type StepOf<Some extends StepKind> = { [Kind in Some]: { readonly kind: Kind } & WithSteps<z.output<Kinds[Kind]>> }[Some]

/** A step as the interpreter executes it. */
export type Step = StepOf<StepKind>

/** A definition whose steps have their kinds. */
export type ExecutableDefinition = WithSteps<Definition>

export type Call = NonNullable<StepOf<'approve'>['approve']['call']>
