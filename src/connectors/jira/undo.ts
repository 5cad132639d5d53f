import type { UndoneCall, UndoPlan } from '#kit'
import type { JiraConfig } from './config.ts'
import { asText, textOf } from './shapes.ts'

interface Changes {
  readonly issue_key: string
  readonly summary?: string | undefined
  readonly description?: string | undefined
  readonly priority?: string | undefined
  readonly labels?: readonly string[] | undefined
  readonly fields?: Readonly<Record<string, unknown>> | undefined
}

interface Old {
  readonly summary: string | null
  readonly description: string | null
  readonly priority: string | null
  readonly labels: readonly string[]
  readonly description_is_markdown: boolean
}

/** Puts back what an update changed, if the tool can write it as it was. */
export function restoreIssue({
  input,
  before,
  config,
}: UndoneCall<Changes, unknown, JiraConfig>): UndoPlan | { readonly impossible: string } {
  const { issue_key, summary, description, priority, labels, fields = {} } = input
  const old = before as Old
  if (Object.keys(fields).length > 0) return { impossible: 'it changed fields that the hub does not read, such as those of your own Jira' }
  if (summary !== undefined && old.summary === null) return { impossible: 'the issue had no title' }
  if (priority !== undefined && old.priority === null) return { impossible: 'the issue had no priority, and the hub cannot remove one' }
  if (description !== undefined && !old.description_is_markdown)
    return { impossible: 'the description had more than Markdown can say, which would be lost' }
  return {
    action: 'update_issue',
    input: {
      issue_key,
      ...(summary === undefined ? {} : { summary: old.summary }),
      ...(description === undefined ? {} : { description: old.description ?? '' }),
      ...(priority === undefined ? {} : { priority: old.priority }),
      ...(labels === undefined ? {} : { labels: old.labels }),
    },
    left: {
      ...(summary === undefined ? {} : { summary }),
      ...(description === undefined ? {} : { description: textOf(asText(description, config)) }),
      ...(priority === undefined ? {} : { priority }),
      ...(labels === undefined ? {} : { labels }),
    },
  }
}
