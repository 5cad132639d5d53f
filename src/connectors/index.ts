import type { Connector } from '#kit'
import { github } from './github/index.ts'

/** The one list. */
export const connectors: readonly Connector[] = [github]
