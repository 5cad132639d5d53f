import { askActions } from './actions/ask.ts'
import { openai as declaration } from './declaration.ts'

export const openai = declaration.withActions(askActions)
