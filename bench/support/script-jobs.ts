/** A job of an agent, written as a script. With direct calls an agent makes the same calls one by one. */
export interface Job {
  readonly name: string
  readonly tools: readonly string[]
  readonly input: unknown
  readonly code: string
}

const owner = 'octocat'
const repos = ['web', 'api', 'docs']

export const jobs: readonly Job[] = [
  {
    name: 'close all issues labelled stale in three repositories',
    tools: ['github_list_issues', 'github_close_issue'],
    input: { owner, repos },
    code: `let closed = 0
for (const repo of input.repos) {
  const { items } = await tools.github_list_issues({ owner: input.owner, repo, labels: ['stale'], state: 'open' })
  for (const { number } of items) await tools.github_close_issue({ owner: input.owner, repo, number, reason: 'not_planned' })
  closed += items.length
}
return { closed }`,
  },
  {
    name: 'tell #ops which pull requests are open',
    tools: ['github_list_pull_requests', 'slack_send_message'],
    input: { owner, repos },
    code: `const lines = []
for (const repo of input.repos) {
  const { items } = await tools.github_list_pull_requests({ owner: input.owner, repo })
  for (const { number, title } of items) lines.push(repo + '#' + number + ' ' + title)
}
await tools.slack_send_message({ channel: '#ops', text: lines.length + ' pull requests wait:\\n' + lines.join('\\n') })
return { waiting: lines.length }`,
  },
  {
    name: 'copy the bugs of a Jira project into GitHub issues',
    tools: ['jira_search_issues', 'github_create_issue'],
    input: { owner, repo: 'api', project: 'PROJ' },
    code: `const { items } = await tools.jira_search_issues({ project_key: input.project, issue_type: 'Bug', limit: 100 })
for (const { key, summary } of items)
  await tools.github_create_issue({ owner: input.owner, repo: input.repo, title: summary, body: 'From ' + key, labels: ['from-jira'] })
return { copied: items.length }`,
  },
  {
    name: 'count the commits of each author',
    tools: ['github_list_commits'],
    input: { owner, repos },
    code: `const counts = {}
for (const repo of input.repos) {
  const { items } = await tools.github_list_commits({ owner: input.owner, repo })
  for (const { commit } of items) counts[commit.author.name] = (counts[commit.author.name] ?? 0) + 1
}
return counts`,
  },
  {
    name: 'find the last failed check of each open pull request',
    tools: ['github_list_pull_requests', 'github_list_check_runs'],
    input: { owner, repos },
    code: `const failed = []
for (const repo of input.repos) {
  const { items } = await tools.github_list_pull_requests({ owner: input.owner, repo })
  for (const { number, head } of items) {
    const checks = await tools.github_list_check_runs({ owner: input.owner, repo, ref: head.ref })
    const last = checks.items.find(({ conclusion }) => conclusion === 'failure')
    failed.push({ pull: repo + '#' + number, check: last?.name ?? null })
  }
}
return failed`,
  },
]
