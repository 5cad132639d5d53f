import { path, type Http } from '#kit'
import type { JiraConfig } from './config.ts'
import { issueFields, renderIssue, type RawIssue } from './shapes.ts'

interface Reading {
  readonly input: { readonly issue_key: string }
  readonly http: Http
  readonly config: JiraConfig
}

/** The issue as it is, for whoever decides on a change. */
export async function currentIssue({ input, http, config }: Reading): Promise<unknown> {
  const query = { fields: issueFields.join(',') }
  return renderIssue(await http.get<RawIssue>(path`/issue/${input.issue_key}`, { query }), config)
}
