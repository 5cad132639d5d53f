/** A flow that runs without any account: by hand, and when the sample webhook arrives. */
export const demoFlow = {
  name: 'demo-hello',
  source: `id: demo-hello
name: Say hello on the demo systems
description: Reads a repository of the demo's GitHub, and tells it on the demo's Slack. Starts by hand, and when an issue is opened there.

on:
  - event: github.issues
    filter: event.data.repository.full_name = "octocat/hello-world" and event.data.action = "opened"

steps:
  - id: repository
    uses: github_get_repository
    integration: demo-github
    with: { owner: octocat, repo: hello-world }
  - id: tell
    uses: slack_send_message
    integration: demo-slack
    with:
      channel: '#general'
      text: '\${{ steps.repository.output.full_name }}: \${{ event.data.issue.title ? event.data.issue.title : "started by hand" }}'

outputs: { repository: '\${{ steps.repository.output.full_name }}' }
`,
}

/** As GitHub sends it when somebody opens an issue. */
export function sampleIssue(number: number): object {
  const octocat = { login: 'octocat', id: 1, type: 'User' }
  const repository = { id: 1, name: 'hello-world', full_name: 'octocat/hello-world', private: false, owner: octocat }
  const title = 'The first webhook of the demo'
  return {
    action: 'opened',
    issue: { id: number, number, title, body: 'Sent by the demo.', state: 'open', user: octocat, labels: [] },
    repository,
    sender: octocat,
  }
}
