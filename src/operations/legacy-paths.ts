/** The older spelling of tools: a path under /api/integrations for each. */
export interface LegacyToolPath {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** The tool, which may depend on the query. */
  readonly tool: string | ((query: Record<string, unknown>) => string)
  readonly summary: string
}

export const legacyToolPaths: readonly LegacyToolPath[] = [
  {
    method: 'GET',
    path: 'jira/projects',
    tool: (query) => ('project_name' in query ? 'jira_find_project' : 'jira_list_projects'),
    summary: 'List projects, or find one by project_name',
  },
  { method: 'GET', path: 'jira/projects/:project_key', tool: 'jira_get_project', summary: 'Get a project' },
  { method: 'GET', path: 'jira/issues', tool: 'jira_search_issues', summary: 'Search issues' },
  { method: 'POST', path: 'jira/issues', tool: 'jira_create_issue', summary: 'Create an issue' },
  { method: 'GET', path: 'jira/users', tool: 'jira_search_users', summary: 'Search users' },
  { method: 'GET', path: 'github/repos', tool: 'github_search_repositories', summary: 'Search repositories' },
  { method: 'GET', path: 'github/repos/:owner/:repo', tool: 'github_get_repository', summary: 'Get a repository' },
  { method: 'GET', path: 'github/commits', tool: 'github_list_commits', summary: 'List commits' },
  { method: 'GET', path: 'github/issues', tool: 'github_list_issues', summary: 'List issues' },
  { method: 'POST', path: 'github/issues', tool: 'github_create_issue', summary: 'Create an issue' },
  { method: 'GET', path: 'github/pullrequests', tool: 'github_list_pull_requests', summary: 'List pull requests' },
  { method: 'POST', path: 'slack/message', tool: 'slack_send_message', summary: 'Send a message' },
  { method: 'GET', path: 'slack/channels', tool: 'slack_list_channels', summary: 'List channels' },
  { method: 'GET', path: 'slack/users', tool: 'slack_list_users', summary: 'List users' },
]

export function legacyPathOf(tool: string): string | undefined {
  const found = legacyToolPaths.find((route) =>
    typeof route.tool === 'string' ? route.tool === tool : ['jira_find_project', 'jira_list_projects'].includes(tool),
  )
  return found && `/api/integrations/${found.path}`
}
