import { commitActions } from './actions/commits.ts'
import { fileActions } from './actions/files.ts'
import { issueActions } from './actions/issues.ts'
import { mergeActions } from './actions/merges.ts'
import { noteActions } from './actions/notes.ts'
import { pipelineActions } from './actions/pipelines.ts'
import { projectActions } from './actions/projects.ts'
import { gitlab as declaration } from './declaration.ts'
import { files } from './sources/files.ts'
import { issues } from './sources/issues.ts'
import { mergeRequests } from './sources/merge-requests.ts'

export const gitlab = declaration.withActions(
  { ...projectActions, ...issueActions, ...noteActions, ...mergeActions, ...commitActions, ...fileActions, ...pipelineActions },
  { issues, merge_requests: mergeRequests, files },
)
