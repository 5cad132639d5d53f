import { hostname, userInfo } from 'node:os'
import type { Command } from 'commander'
import { commandLine, deviceGrant } from '#lib/hub-login'
import { loadedQuietly, outputOf, withClient } from './context.ts'

interface Begun {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

interface Answer {
  readonly status: number
  readonly detail?: string
  readonly access_token?: string
  readonly expires_in?: number
  readonly error?: string
}

export function loginCommands(program: Command): void {
  program
    .command('login')
    .description('sign in at a hub elsewhere with your browser; commands then act there with your rights')
    .argument('[url]', 'the hub, such as https://hub.example.com; without it, the one of the last login or of this machine')
    .addHelpText(
      'after',
      '\nThe token is stored in ~/.config/integration-hub/credentials.json, which only you can read. It is valid for 90 days.\nCommands act on this hub where the folder has no data of a hub of its own, and everywhere with --url or HUB_URL.',
    )
    .action(login)
  program
    .command('logout')
    .description('end the login at a hub: its token works nowhere any more')
    .argument('[url]', 'the hub; without it, the one of the last login')
    .action(logout)
  program
    .command('whoami')
    .description('who you are at the hub that commands act on')
    .action((_options, command: Command) =>
      withClient(command, async ({ me }, output, remote) => {
        const found = await me({})
        const where = remote === undefined ? 'the hub of this machine' : remote.url
        const who = found.email === null ? found.name : `${found.name} <${found.email}>`
        output.print(found, `${who} at ${where}, in the workspace ${found.workspace}${found.role === null ? '' : ` as ${found.role}`}`)
      }),
    )
}

async function login(given: string | undefined, _options: unknown, command: Command): Promise<void> {
  const { config } = await loadedQuietly()
  const { hubUrl, readLogins, writeLogins } = await import('./stored-logins.ts')
  const { namedUrl } = await import('./remote.ts')
  const { hubError } = await import('#errors')
  const logins = readLogins(config)
  const url = hubUrl(given ?? namedUrl(command) ?? config.HUB_URL ?? logins.default ?? `http://localhost:${config.HUB_PORT}`)
  const begun = (await post(`${url}/oauth/device`, { client_id: commandLine, machine: machineName() })) as unknown as Begun & Answer
  if (begun.status === 429) throw hubError('too_many_attempts', begun.detail === undefined ? {} : { detail: begun.detail })
  if (typeof begun.device_code !== 'string') throw hubError('hub_unreachable', { detail: `${url} lets no command line in` })
  process.stderr.write(`Open ${begun.verification_uri_complete}\nand check that it shows the code ${begun.user_code}\n`)
  const { access_token: token, expires_in: seconds = 0 } = await wait(url, begun)
  const expires_at = new Date(Date.now() + seconds * 1000).toISOString()
  const path = writeLogins(config, { default: url, hubs: { ...logins.hubs, [url]: { token: token!, expires_at } } })
  outputOf(command).print({ url, expires_at }, `signed in at ${url}; the token is in ${path}`)
}

async function wait(url: string, { device_code, interval, expires_in }: Begun): Promise<Answer> {
  const { sleep } = await import('#lib/clock')
  const { hubError } = await import('#errors')
  let pause = Math.max(1, interval) * 1000
  const until = Date.now() + expires_in * 1000
  while (Date.now() < until) {
    await sleep(pause)
    const answer = await asked(url, device_code)
    if (answer.access_token !== undefined) return answer
    if (answer.error === 'slow_down' || answer.status === 429) pause += 5000
    else if (answer.error === 'access_denied') throw hubError('oauth_denied', { detail: 'it was refused in the browser' })
    else if (answer.error === 'expired_token') break
    else if (answer.error === 'invalid_grant')
      throw hubError('link_invalid', {
        detail: `${url} does not know this login any more`,
        hint: 'if you let it in, its token was lost on the way: revoke it among your tokens; then run `hub login` again',
      })
    else if (answer.error !== 'authorization_pending' && answer.status < 500)
      throw hubError('hub_unreachable', { detail: `${url} answered ${answer.status}, and not as a hub does` })
  }
  throw hubError('link_invalid', { detail: 'nobody let this command line in in time', hint: 'run `hub login` again' })
}

/** A hub that does not answer is asked again, because the person may decide after it is back. */
async function asked(url: string, device_code: string): Promise<Answer> {
  const { HubError } = await import('#errors')
  return post(`${url}/oauth/token`, { grant_type: deviceGrant, device_code, client_id: commandLine }).catch((error: unknown) => {
    if (error instanceof HubError && error.code === 'hub_unreachable' && error.cause !== undefined) return { status: 503 }
    throw error
  })
}

async function logout(given: string | undefined, _options: unknown, command: Command): Promise<void> {
  const { config } = await loadedQuietly()
  const { hubUrl, readLogins, writeLogins } = await import('./stored-logins.ts')
  const { namedUrl } = await import('./remote.ts')
  const { hubError } = await import('#errors')
  const logins = readLogins(config)
  const named = given ?? namedUrl(command) ?? config.HUB_URL ?? logins.default
  const url = named === undefined ? undefined : hubUrl(named)
  const login = url === undefined ? undefined : logins.hubs[url]
  if (url === undefined || !login)
    throw hubError('not_found', { detail: url === undefined ? 'you are signed in nowhere' : `you are not signed in at ${url}` })
  // The only copy of the token is kept until it has ended, because nothing else can end it from here.
  const { status, detail } = await post(`${url}/oauth/revoke`, { token: login.token, client_id: commandLine })
  if (status !== 200)
    throw hubError('hub_unreachable', {
      detail: `${url} did not end the login: it answered ${status}${detail === undefined ? '' : ` (${detail})`}`,
      hint: 'you are still signed in; try again, or revoke the token among your tokens at that hub',
    })
  const { [url]: _, ...hubs } = logins.hubs
  writeLogins(config, { hubs, ...(logins.default === undefined || logins.default === url ? {} : { default: logins.default }) })
  outputOf(command).print({ url }, `signed out at ${url}`)
}

async function post(url: string, form: Readonly<Record<string, string>>): Promise<Answer> {
  const { request } = await import('./remote.ts')
  const response = await request(url, { method: 'POST', body: new URLSearchParams(form) })
  const answer = (await response.json().catch(() => ({}))) as Omit<Answer, 'status'>
  return { ...answer, status: response.status }
}

function machineName(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return hostname()
  }
}
