import { z } from 'zod'
import { gitlab } from '../declaration.ts'
import { isAbout, placeOf, projectOption, readersOf } from './project.ts'
import { fetchThreads, listThreads, pullThreads, type Kind } from './threads.ts'

const kind: Kind = { type: 'merge_request', segment: 'merge_requests', mark: '!' }

export const mergeRequests = gitlab.source({
  title: 'Merge requests',
  description: 'The merge requests of a project, with their comments and changed files.',
  types: ['merge_request'],
  options: z.strictObject({ project: projectOption }),
  example: { project: 'octo-group/hello-world' },
  named: ({ project }) => `${project} merge requests`,
  events: ['gitlab.merge_request', 'gitlab.note'],
  changedBy: ({ data }, { project }) => {
    if (!isAbout(data, project)) return []
    const { object_kind, object_attributes, merge_request } = data as Record<string, { iid?: unknown } | undefined> & {
      object_kind?: unknown
    }
    if (object_kind === 'note' && merge_request === undefined) return []
    const iid = object_kind === 'note' ? merge_request?.iid : object_attributes?.iid
    return Number.isSafeInteger(iid) ? [String(iid)] : 'all'
  },
  readers: ({ http, input }, audience) => readersOf(http, input.project, { part: 'merge_requests_access_level', audience }),
  pull: ({ http, input }, cursor) => pullThreads({ http, place: placeOf(input.project), kind }, cursor),
  list: ({ http, input }, cursor) => listThreads({ http, place: placeOf(input.project), kind }, cursor),
  fetch: ({ http, input }, ids) => fetchThreads({ http, place: placeOf(input.project), kind }, ids),
})
