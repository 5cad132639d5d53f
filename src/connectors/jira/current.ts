import { isDeepStrictEqual } from 'node:util'
import { path, type Http } from '#kit'
import type { JiraConfig } from './config.ts'
import { asText, issueFields, renderIssue, textOf, type RawIssue } from './shapes.ts'

interface Reading {
  readonly input: { readonly issue_key: string }
  readonly http: Http
  readonly config: JiraConfig
}

/** The issue as it is, for whoever decides on a change. */
export async function currentIssue(reading: Reading): Promise<unknown> {
  return renderIssue(await readIssue(reading), reading.config)
}

/** With the number of its comments, which a deletion would take along. */
export async function currentWithComments(reading: Reading): Promise<unknown> {
  const raw = await readIssue(reading, 'comment')
  return { ...renderIssue(raw, reading.config), comments: raw.fields?.comment?.total ?? 0 }
}

/** And whether its description can be written again as it is: Markdown cannot say everything that a document of Jira can. */
export async function currentForUpdate(reading: Reading): Promise<unknown> {
  const raw = await readIssue(reading)
  const given = raw.fields?.description
  const text = textOf(given)
  return {
    ...renderIssue(raw, reading.config),
    description_is_markdown: text === null || isDeepStrictEqual(asText(text, reading.config), given),
  }
}

function readIssue({ input, http }: Reading, ...more: string[]): Promise<RawIssue> {
  return http.get<RawIssue>(path`/issue/${input.issue_key}`, { query: { fields: [...issueFields, ...more].join(',') } })
}
