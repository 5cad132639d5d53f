import type { DemoSystems } from '#demo'
import { agentStandIn } from '../test/standins/agent.ts'
import { githubStandIn } from '../test/standins/github.ts'
import { slackStandIn } from '../test/standins/slack.ts'

/** What a hub starts when somebody wants to try it without an account. */
export async function startDemoSystems(): Promise<DemoSystems> {
  await using stack = new AsyncDisposableStack()
  const github = stack.use(await githubStandIn())
  const slack = stack.use(await slackStandIn())
  const agent = stack.use(await agentStandIn())
  const owned = stack.move()
  const originOf = ({ url }: { readonly url: string }): string => new URL(url).origin
  return {
    systems: [
      { connector: 'github', origin: originOf(github), config: { api_url: github.url }, credential: { token: github.token } },
      { connector: 'slack', origin: originOf(slack), config: { api_url: slack.url }, credential: { token: slack.token } },
      {
        connector: 'openai',
        origin: originOf(agent),
        config: { base_url: agent.url, model: agent.model },
        credential: { api_key: agent.token },
      },
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
