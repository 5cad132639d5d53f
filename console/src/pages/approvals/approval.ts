import type { Outputs } from '#api'
import { isFields } from './difference.ts'

export type Approval = Outputs['approvals']['get']
export type State = Approval['status']

const naming = ['key', 'issue_key', 'title', 'name', 'path', 'branch', 'ref', 'channel', 'to', 'topic', 'stream', 'id', 'url'] as const
const longest = 60

/** What a call is about, in a few words of its arguments: `octo/web#88`. */
export function subjectOf({ target, call }: Pick<Approval, 'target' | 'call'>): string | undefined {
  if (target !== null) return target
  if (!call || !isFields(call.input)) return undefined
  const { input } = call
  const text = (name: string): string | undefined => {
    const value = input[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, longest) : undefined
  }
  const [owner, repo] = [text('owner'), text('repo')]
  const number = text('number') ?? text('issue_number') ?? text('pull_number')
  if (owner !== undefined && repo !== undefined) return `${owner}/${repo}${number === undefined ? '' : `#${number}`}`
  return naming.map(text).find((value) => value !== undefined)
}

/** `github_merge_pull_request` reads "Merge pull request". */
export function titleOf({ call }: Pick<Approval, 'call'>): string | undefined {
  const words = call?.tool.replace(/^[a-z0-9]+_/, '').replaceAll('_', ' ')
  return words === undefined ? undefined : words.charAt(0).toUpperCase() + words.slice(1)
}
