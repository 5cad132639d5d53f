import type { Outline, Step } from './outline.ts'

/** The state of each step by its id. */
export type StepStates = ReadonlyMap<string, string>

export interface StepsProps {
  readonly outline: Outline
  readonly selected: string | undefined
  readonly states: StepStates
  onSelect(step: Step): void
}
