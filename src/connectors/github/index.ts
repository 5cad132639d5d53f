import { checkActions } from './actions/checks.ts'
import { commitActions } from './actions/commits.ts'
import { contentActions } from './actions/contents.ts'
import { issueActions } from './actions/issues.ts'
import { projectActions } from './actions/projects.ts'
import { pullActions } from './actions/pulls.ts'
import { releaseActions, userActions } from './actions/releases.ts'
import { repositoryActions } from './actions/repositories.ts'
import { reviewActions } from './actions/reviews.ts'
import { github as declaration } from './declaration.ts'
import { files } from './sources/files.ts'
import { issues } from './sources/issues.ts'

export const github = declaration.withActions(
  {
    ...repositoryActions,
    ...contentActions,
    ...commitActions,
    ...issueActions,
    ...pullActions,
    ...reviewActions,
    ...checkActions,
    ...releaseActions,
    ...userActions,
    ...projectActions,
  },
  { issues, files },
)
