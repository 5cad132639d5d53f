import { requestActions } from './actions/request.ts'
import { http as declaration } from './declaration.ts'

export const http = declaration.withActions(requestActions)
