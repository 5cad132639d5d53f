import { askActions } from './actions/ask.ts'
import { anthropic as declaration } from './declaration.ts'

export const anthropic = declaration.withActions(askActions)
