import { textsOf, type Target } from '#kit'

const issueFields = ['issue_key', 'other_key', 'parent_key']

/** The projects that a call is about. A project or an issue may also be named by its number, which does not tell the project's key. */
export const projectTarget: Target = {
  fields: ['project_key'],
  values: (input) => [
    ...[...textsOf(input['project_key']), ...issueFields.flatMap((field) => textsOf(input[field]))].map(projectOf),
    // A query may find issues of any project.
    ...(input['jql'] === undefined ? [] : [undefined]),
  ],
  normal: (text) => text.trim().toUpperCase(),
}

function projectOf(ref: string): string | undefined {
  return /^\s*\d+\s*$/.test(ref) ? undefined : ref.replace(/-\d+\s*$/, '')
}
