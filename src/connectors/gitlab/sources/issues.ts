import { z } from 'zod'
import { gitlab } from '../declaration.ts'
import { isAbout, placeOf, projectOption, readersOf } from './project.ts'
import { fetchThreads, listThreads, pullThreads, type Kind } from './threads.ts'

const kind: Kind = { type: 'issue', segment: 'issues', mark: '#' }

export const issues = gitlab.source({
  title: 'Issues',
  description: 'The issues of a project, with their comments.',
  types: ['issue'],
  options: z.strictObject({ project: projectOption }),
  example: { project: 'octo-group/hello-world' },
  named: ({ project }) => `${project} issues`,
  events: ['gitlab.issue', 'gitlab.note'],
  changedBy: ({ data }, { project }) => {
    if (!isAbout(data, project)) return []
    const { object_kind, object_attributes, issue } = data as Record<string, { iid?: unknown } | undefined> & { object_kind?: unknown }
    if (object_kind === 'note' && issue === undefined) return []
    const iid = object_kind === 'note' ? issue?.iid : object_attributes?.iid
    return Number.isSafeInteger(iid) ? [String(iid)] : 'all'
  },
  readers: ({ http, input }, audience) => readersOf(http, input.project, { part: 'issues_access_level', audience }),
  pull: ({ http, input }, cursor) => pullThreads({ http, place: placeOf(input.project), kind }, cursor),
  list: ({ http, input }, cursor) => listThreads({ http, place: placeOf(input.project), kind }, cursor),
  fetch: ({ http, input }, ids) => fetchThreads({ http, place: placeOf(input.project), kind }, ids),
})
