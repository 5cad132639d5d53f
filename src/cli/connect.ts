import { InvalidArgumentError, type Command } from 'commander'
import { withClient, type HubClient } from './context.ts'
import type { Output } from './output.ts'

interface ConnectOptions {
  readonly auth: string
  readonly device?: boolean
  readonly wait: number
}

type Connection = Awaited<ReturnType<HubClient['getConnection']>>

const pollMs = 1000

export function connectCommand(program: Command): void {
  program
    .command('connect')
    .description('let a person connect an integration by OAuth: prints a link, waits, and says what came')
    .argument('<integration>', 'its name; a connector’s name makes the integration if there is none')
    .option('--auth <type>', 'auth method of an integration that is made', 'oauth2')
    .option('--device', 'print a code to enter at the outside system, instead of a link')
    .option('--wait <seconds>', 'how long to wait; 0 does not wait', seconds, 600)
    .addHelpText('after', '\nExample:\n  hub connect github')
    .action((integration: string, options: ConnectOptions, command: Command) =>
      withClient(command, async (client, output) => {
        const begun = await begin(client, integration, options)
        if (options.wait === 0) return output.print(begun, begun.url)
        if (!output.json) output.print(begun, begun.text)
        report(await ended(client, begun.id, options.wait), integration, output)
      }),
    )
}

interface Begun {
  readonly id: string
  readonly url: string
  readonly text: string
}

async function begin(client: HubClient, integration: string, { auth, device = false }: ConnectOptions): Promise<Begun> {
  const start = async (): Promise<Begun> => {
    if (!device) {
      const { id, url, callback_url: callback } = await client.connectIntegration({ id: integration })
      return {
        id,
        url,
        text: `Open this link in a browser:\n\n  ${url}\n\nThe application at the outside system needs this redirect URL: ${callback}\n\nWaiting…`,
      }
    }
    const { id, verification_uri: url, user_code: code } = await client.connectDevice({ id: integration })
    return { id, url: String(url), text: `Open ${String(url)} in a browser, and enter the code ${String(code)}.\n\nWaiting…` }
  }
  try {
    return await start()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'integration_unknown') throw error
    await client.createIntegration({ integration_type: integration, auth_type: auth })
    return start()
  }
}

async function ended(client: HubClient, id: string, waitSeconds: number): Promise<Connection> {
  const until = Date.now() + waitSeconds * 1000
  for (;;) {
    const connection = await client.getConnection({ id })
    if ((connection.status !== 'waiting' && connection.status !== 'choosing') || Date.now() > until) return connection
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

function report(connection: Connection, integration: string, output: Output): void {
  const { status, account, problem } = connection
  if (status === 'connected') return output.print(connection, `connected ${integration}${account ? ` as ${account}` : ''}`)
  const why = problem ? `: ${problem.detail}${problem.hint ? `\n${problem.hint}` : ''}` : ''
  output.print(
    connection,
    status === 'waiting' || status === 'choosing' ? 'nobody has answered yet; the link stays valid for an hour' : `${status}${why}`,
  )
  process.exitCode = 1
}

function seconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('must be a number of seconds')
  return Number(text)
}
