import { mailActions } from './actions/mail.ts'
import { smtp as declaration } from './declaration.ts'

export const smtp = declaration.withActions(mailActions)
