import { issueActions } from './actions/issues.ts'
import { projectActions } from './actions/projects.ts'
import { workActions } from './actions/work.ts'
import { jira as declaration } from './declaration.ts'
import { issues } from './sources/issues.ts'

export const jira = declaration.withActions({ ...projectActions, ...issueActions, ...workActions }, { issues })
