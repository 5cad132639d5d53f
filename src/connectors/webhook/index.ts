import { webhook as declaration } from './declaration.ts'

export const webhook = declaration.withActions({})
