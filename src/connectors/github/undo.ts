import type { Undo, UndoPlan } from '#kit'
import type { z } from 'zod'
import type { issueShape, pullShape } from './shapes.ts'

/** What was there before, for the undo of changes. */
type Issue = z.output<typeof issueShape>
type Pull = z.output<typeof pullShape>

interface Place {
  readonly owner: string
  readonly repo: string
}
type One = Place & { readonly number: number }

const nothing = { impossible: 'it changed nothing' }

export const closeCreatedIssue: Undo<Place, Issue> = {
  plan: ({ input: { owner, repo }, output: { number } }) => ({
    action: 'close_issue',
    input: { owner, repo, number, reason: 'not_planned' },
    left: { state: 'open' },
  }),
}

export const reopenIssue: Undo<One, Issue> = {
  needsBefore: true,
  plan: ({ input: { owner, repo, number }, before }) =>
    (before as Issue).state === 'closed'
      ? { impossible: 'the issue had been closed before' }
      : { action: 'update_issue', input: { owner, repo, number, state: 'open' }, left: { state: 'closed' } },
}

export const restoreIssue: Undo<One & Readonly<Record<string, unknown>>, Issue> = {
  needsBefore: true,
  plan: ({ input, output, before }) => {
    const { owner, repo, number } = input
    const { title, body, state, state_reason: reason, labels, assignees, milestone } = before as Issue
    const old: Readonly<Record<string, unknown>> = {
      title,
      body: body ?? '',
      state,
      labels,
      assignees: (assignees ?? []).flatMap((person) => (person ? [person.login] : [])),
      milestone: milestone?.number ?? null,
    }
    const changed = changedFields(input, old)
    if (changed.length === 0) return nothing
    const isClosed = changed.includes('state') && state === 'closed' && reason != null
    return {
      action: 'update_issue',
      input: { owner, repo, number, ...picked(old, changed), ...(isClosed ? { state_reason: reason } : {}) },
      left: picked(output, changed),
    }
  },
}

export const restorePull: Undo<One & Readonly<Record<string, unknown>>, Pull> = {
  needsBefore: true,
  plan: ({ input, output, before }) => {
    const { owner, repo, number } = input
    const { title, body, state, base } = before as Pull
    const old: Readonly<Record<string, unknown>> = { title, body: body ?? '', state, base: base.ref }
    const changed = changedFields(input, old)
    if (changed.length === 0) return nothing
    const left = picked({ ...output, base: { ref: output.base.ref } }, changed)
    return { action: 'update_pull_request', input: { owner, repo, number, ...picked(old, changed) }, left }
  },
}

interface Labelling extends One {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** Only what the call changed: labels that the issue had before, or had not, stay as they are. */
export const restoreLabels: Undo<Labelling> = {
  needsBefore: true,
  plan: ({ input: { owner, repo, number, add, remove }, before }) => {
    const had = new Set((before as Issue).labels.map((name) => name.toLowerCase()))
    const added = add.filter((name) => !had.has(name.toLowerCase()))
    const removed = remove.filter((name) => had.has(name.toLowerCase()))
    if (added.length + removed.length === 0) return nothing
    return { action: 'label_issue', input: { owner, repo, number, add: removed, remove: added } }
  },
}

interface Written extends Place {
  readonly path: string
  readonly message: string
  readonly branch?: string | undefined
}

/** The SHA says that nobody has changed the file since: GitHub refuses another one. */
export function restoreFile({ owner, repo, path, branch, message }: Written, sha: string, before: unknown): ReturnType<Undo['plan']> {
  const place = { owner, repo, path, branch, message: `Undo: ${message}`.slice(0, 65_536) }
  const left = { sha }
  if (before === null) return { action: 'delete_contents', input: { ...place, sha }, left }
  const { text, size } = before as { text?: string; size?: number }
  if (!isExact(text, size)) return { impossible: 'the file was not a text of 1 MB at most' }
  return { action: 'put_contents', input: { ...place, sha, content: text }, left }
}

/** A deleted file is written again where there is none now. */
export function writeAgain({ owner, repo, path, branch, message }: Written, before: unknown): ReturnType<Undo['plan']> {
  const { text, size } = (before ?? {}) as { text?: string; size?: number }
  if (!isExact(text, size)) return { impossible: 'the file was not a text of 1 MB at most' }
  const input = { owner, repo, path, branch, content: text, message: `Undo: ${message}`.slice(0, 65_536) }
  return { action: 'put_contents', input, left: { sha: null } }
}

/** GitHub leaves out the content of large files, and bytes that are no text cannot be written by a text. */
function isExact(text: string | undefined, size: number | undefined): text is string {
  return text !== undefined && !text.includes('\ufffd') && Buffer.byteLength(text) === size && text.length <= 1_000_000
}

/** The fields that the input sets, of those that can be put back. */
function changedFields(input: Readonly<Record<string, unknown>>, old: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(old).filter((name) => input[name] !== undefined)
}

function picked(value: Readonly<Record<string, unknown>>, names: readonly string[]): NonNullable<UndoPlan['left']> {
  return Object.fromEntries(names.map((name) => [name, value[name]]))
}
