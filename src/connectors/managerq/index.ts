import { taskActions } from './actions/tasks.ts'
import { managerq as declaration } from './declaration.ts'

export const managerq = declaration.withActions(taskActions)
