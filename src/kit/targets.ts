/** What rules may name instead of single fields: who gets a message, and where something is read or changed. */
export type TargetName = 'recipients' | 'project' | 'repository' | 'channel'

export type TargetInput = Readonly<Record<string, unknown>>

/** The fields of a connector's actions that together mean one thing. */
export interface Target {
  /** Top-level fields that mean nothing else. A rule about one of them is a rule about the target. */
  readonly fields: readonly string[]
  /** What an input means. `undefined` stands for something that the input alone does not tell, such as the project of an issue that it names by number. */
  readonly values: (input: TargetInput) => readonly (string | undefined)[]
  /** The form in which the outside system compares values. It is applied to values and to the patterns of rules. */
  readonly normal: (text: string) => string
}

export type Targets = Readonly<Partial<Record<TargetName, Target>>>

/** A target that is what some fields contain, each a text or a list of texts. */
export function targetOf(fields: readonly string[], normal: Target['normal']): Target {
  return { fields, normal, values: (input) => fields.flatMap((field) => textsOf(input[field])) }
}

export function textsOf(value: unknown): string[] {
  return [value].flat().flatMap((item) => (typeof item === 'string' || typeof item === 'number' ? [String(item)] : []))
}
