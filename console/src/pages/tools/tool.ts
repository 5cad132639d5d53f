import type { Outputs } from '#api'

export type Effect = 'read' | 'write' | 'destroy'

/** A tool of the list, which has other forms for those who ask for one. */
export type Tool = Extract<Outputs['tools']['list']['items'][number], { readonly effect: Effect }>
export type ToolDetails = Outputs['tools']['get']
export type Outcome = Outputs['tools']['call']

/** Tools of the hub itself and of its flows need no integration. */
export function isBuiltIn(connector: string): boolean {
  return connector === 'hub' || connector === 'flow'
}
