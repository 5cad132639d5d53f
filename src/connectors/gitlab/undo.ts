import type { Undo, UndoPlan } from '#kit'
import type { z } from 'zod'
import type { issueShape, mergeShape } from './shapes.ts'

type Fields = Readonly<Record<string, unknown>>
type Issue = z.output<typeof issueShape>
type Merge = z.output<typeof mergeShape>

const nothing = { impossible: 'it changed nothing' }

/** Puts back the fields that the call set, and expects those fields as the call left them. */
function restore(action: string, given: { key: Fields; input: Fields; old: Fields; now: Fields }): ReturnType<Undo['plan']> {
  const changed = Object.keys(given.old).filter((name) => given.input[name] !== undefined)
  if (changed.length === 0) return nothing
  return { action, input: { ...given.key, ...picked(given.old, changed) }, left: picked(given.now, changed) }
}

const picked = (value: Fields, names: readonly string[]): NonNullable<UndoPlan['left']> =>
  Object.fromEntries(names.map((name) => [name, value[name]]))

const namesOf = (people: Issue['assignees']): string[] => (people ?? []).flatMap((person) => (person ? [person.username] : []))

export const restoreIssue: Undo<{ project: string; issue: number } & Fields, Issue> = {
  needsBefore: true,
  plan: ({ input, output, before }) => {
    const { project, issue } = input
    const was = before as Issue
    if (input['assignees'] !== undefined && namesOf(was.assignees).length > 1)
      return { impossible: 'the issue had several assignees, and only some editions of GitLab take them' }
    const old = issueFields(was)
    return restore('update_issue', { key: { project, issue }, input, old, now: output })
  },
}

function issueFields({ title, description, labels, due_date: due, assignees }: Issue): Fields {
  return { title, description: description ?? '', labels, due_date: due ?? '', assignees: namesOf(assignees) }
}

export const restoreMerge: Undo<{ project: string; merge_request: number } & Fields, Merge> = {
  needsBefore: true,
  plan: ({ input, output, before }) => {
    const { project, merge_request } = input
    const { title, description, labels = [], target_branch, state } = before as Merge
    const old = { title, description: description ?? '', labels, target_branch, state }
    return restore('update_merge_request', { key: { project, merge_request }, input, old, now: output })
  },
}

interface Written {
  readonly project: string
  readonly path: string
  readonly branch: string
  readonly message: string
}

interface File {
  readonly text?: string | null
  readonly last_commit_id?: string
}

/** The last commit says that nobody has changed the file since: GitLab refuses another one. */
export function restoreFile({ project, path, branch, message }: Written, commit: string, before: unknown): ReturnType<Undo['plan']> {
  const place = { project, path, branch, message: `Undo: ${message}`.slice(0, 10_000), last_commit_id: commit }
  const left = { last_commit_id: commit }
  if (before === null) return { action: 'delete_file', input: place, left }
  const { text } = before as File
  if (typeof text !== 'string') return { impossible: 'the file was not a text of 1 MB at most' }
  return { action: 'put_file', input: { ...place, content: text }, left }
}
