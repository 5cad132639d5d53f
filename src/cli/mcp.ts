import type { Command } from 'commander'
import type { Principal } from '#access'
import type { Hub } from '#hub'
import type { McpHandler, Send } from '#transports/mcp'
import { quietConfig, withHub } from './context.ts'

interface Options {
  readonly url?: string
  readonly toolset?: string
  readonly readOnly?: boolean
  readonly list?: string
}

export function mcpCommand(program: Command): void {
  program
    .command('mcp')
    .description('serve an agent over standard input and output (MCP)')
    .option(
      '--url <url>',
      'reach a running hub, such as https://hub.example.com, with HUB_TOKEN or after `hub login`; without it, the hub of this machine',
    )
    .option('--toolset <names>', 'only these connectors and tools, separated by commas')
    .option('--read-only', 'only tools that read')
    .option('--list <form>', 'list all tools (full), or tools that find them (search)')
    .addHelpText(
      'after',
      '\nHUB_TOKEN is the token of the agent. Without it the agent may call tools in this workspace and read, but not decide on approvals or change settings.\n\nExample for a client:\n  {"mcpServers": {"hub": {"command": "hub", "args": ["mcp", "--toolset", "github"]}}}',
    )
    .action(async (options: Options, command: Command) => {
      const { serveStdio, sendTo } = await import('#transports/mcp')
      const stdio = { input: process.stdin, output: process.stdout }
      if (options.url === undefined)
        return withHub(command, async (hub, operator) => {
          const config = await quietConfig()
          // Tasks and flows that the agent starts run here when no other process of the hub works.
          await using _ = await hub.engine.start(hub.work)
          const { mcpOf } = await import('#serve')
          await using mcp = await mcpOf(hub, config)
          await serveStdio(stdio, await sendToOwn({ mcp, hub, operator, token: config.HUB_TOKEN }, queryOf(options)))
        })
      const config = await quietConfig()
      const { hubUrl, readLogins } = await import('./stored-logins.ts')
      const url = hubUrl(options.url)
      const token = config.HUB_TOKEN ?? readLogins(config).hubs[url]?.token
      const { hubError } = await import('#errors')
      if (token === undefined)
        throw hubError('token_missing', { detail: 'HUB_TOKEN is needed to reach a hub elsewhere', hint: `or run \`hub login ${url}\`` })
      await serveStdio(stdio, sendTo(`${url}/mcp${queryOf(options)}`, token))
    })
}

function queryOf({ toolset, readOnly, list }: Options): string {
  const query = new URLSearchParams({
    ...(toolset === undefined ? {} : { toolset }),
    ...(readOnly ? { read_only: '1' } : {}),
    ...(list === undefined ? {} : { list }),
  }).toString()
  return query === '' ? '' : `?${query}`
}

interface OwnHub {
  readonly mcp: McpHandler
  readonly hub: Hub
  readonly operator: Principal
  readonly token: string | undefined
}

async function sendToOwn({ mcp, hub, operator, token }: OwnHub, query: string): Promise<Send> {
  const { viewOf } = await import('#transports/mcp')
  const { hubError } = await import('#errors')
  const view = viewOf(new URLSearchParams(query))
  if (typeof view === 'string') throw hubError('invalid_input', { detail: view })
  const { agentScopes } = await import('#access')
  const authenticate = async (): Promise<Principal> =>
    token === undefined ? { ...operator, scopes: agentScopes } : hub.access.authenticate(token, 'stdio')
  const isActive = (): Promise<boolean> =>
    authenticate().then(
      () => true,
      () => false,
    )
  // A wrong token and a wrong toolset are told before the agent is served.
  await mcp.check({ principal: await authenticate(), view, isActive })
  return async (message) => mcp.answer(message, { principal: await authenticate(), view, isActive })
}
