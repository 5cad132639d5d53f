import { isDeepStrictEqual } from 'node:util'
import { githubStandIn } from '../test/standins/github.ts'
import { jiraStandIn } from '../test/standins/jira.ts'
import { slackStandIn } from '../test/standins/slack.ts'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { freePort, home, startServer } from './support/processes.ts'
import { jobs, type Job } from './support/script-jobs.ts'
import { join } from 'node:path'

const token = 'bench-administrator-token'
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

export const bench: Bench = {
  describe: 'the tokens of five jobs that take several calls, with direct calls and with a script (four characters are a token)',
  run: measure,
}

/** As the hub's own budget counts. */
function tokensOf(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0)
}

/** What the answers have that the bench reads. */
interface Answer {
  readonly output: Answer
  readonly items: readonly { readonly [field: string]: unknown }[]
  readonly commit: { readonly sha: string }
  readonly name: string
  readonly description: string
  readonly input_schema: unknown
  readonly types: string
  readonly calls: readonly unknown[]
  readonly logs: readonly string[]
}

type Api = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Answer>
type Call = (name: string, input: unknown) => Promise<Answer>

interface World extends AsyncDisposable {
  readonly api: Api
  readonly call: Call
}

/** A hub with fresh stand-ins, so that both ways begin with the same. */
async function world(dataDir: string): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const github = stack.use(await githubStandIn())
  const jira = stack.use(await jiraStandIn())
  const slack = stack.use(await slackStandIn())
  const port = await freePort()
  const env = {
    HUB_DATA_DIR: dataDir,
    HUB_PORT: String(port),
    HUB_ADMIN_TOKEN: token,
    LOG_LEVEL: 'warn',
    HUB_EGRESS_ALLOW: '127.0.0.1',
    RATE_LIMIT_PER_MINUTE: '1000000',
    GITHUB_TOKEN: github.token,
    GITHUB_API_URL: github.url,
    JIRA_BASE_URL: jira.url,
    JIRA_USERNAME: jira.login.username,
    JIRA_API_TOKEN: jira.login.api_token,
    SLACK_BOT_TOKEN: slack.token,
    SLACK_API_URL: slack.url,
  }
  const hub = stack.use(await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' }))
  const api: Api = async (method, path, body) => {
    const reply = await fetch(`${hub.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const json: unknown = await reply.json()
    if (!reply.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`)
    return json as Answer
  }
  const call: Call = async (name, input) => (await api('POST', `/api/v1/tools/${name}/invoke`, { input })).output
  await fill(call)
  const all = stack.move()
  return { api, call, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

const owner = 'octocat'
const text = 'It happens with the current version, and there is no message in the log. Steps: open the page, wait a minute, press save. '

async function fill(call: Call): Promise<void> {
  for (const repo of ['web', 'api', 'docs']) {
    const place = { owner, repo }
    await call('github_create_repository', { name: repo, auto_init: true })
    for (let n = 1; n <= 12; n++)
      await call('github_create_issue', {
        ...place,
        title: `Issue ${n} of ${repo}`,
        body: text.repeat(4),
        labels: n % 2 ? ['stale'] : ['bug'],
      })
    const { commit } = await call('github_get_branch', { ...place, branch: 'main' })
    for (let n = 1; n <= 4; n++) {
      const branch = `change-${n}`
      await call('github_create_branch', { ...place, branch, sha: commit.sha })
      await call('github_put_contents', { ...place, path: `file-${n}.txt`, content: text, message: `Change ${n}`, branch })
      await call('github_create_pull_request', { ...place, title: `Change ${n} of ${repo}`, head: branch, base: 'main', body: text })
      const head = (await call('github_get_branch', { ...place, branch })).commit.sha
      for (const conclusion of ['success', 'failure'])
        await call('github_create_check_run', { ...place, name: `tests ${conclusion} ${n}`, head_sha: head, conclusion }).catch(
          () => undefined,
        )
    }
  }
  for (let n = 1; n <= 10; n++)
    await call('jira_create_issue', { project_key: 'PROJ', summary: `Bug ${n}`, type: 'Bug', description: text })
}

/** What is there in the end, without what differs from run to run. */
async function stateOf(call: Call): Promise<unknown> {
  const issues = []
  for (const repo of ['web', 'api', 'docs']) {
    const { items } = await call('github_list_issues', { owner, repo, state: 'all', per_page: 100 })
    issues.push(items.map(({ title, state, labels }) => [title, state, labels]).toSorted())
  }
  const { items: channels } = await call('slack_list_channels', {})
  const ops = channels.find(({ name }) => name === 'ops')
  const { items: messages } = await call('slack_get_channel_history', { channel: ops?.['id'] })
  return { issues, messages: messages.map(({ text: said }) => said) }
}

interface Measured {
  readonly calls: number
  readonly tokens: number
  readonly output: unknown
}

type AsyncFunction = (...values: unknown[]) => Promise<unknown>
const asyncFunction = (async () => undefined).constructor as new (...parts: string[]) => AsyncFunction

async function direct({ tools, input, code }: Job, { api, call }: World): Promise<Measured> {
  const definitions = await Promise.all(tools.map((name) => api('GET', `/api/v1/tools/${name}`)))
  let tokens = tokensOf(
    ...definitions.map(({ name, description, input_schema: inputSchema }) => JSON.stringify({ name, description, inputSchema })),
  )
  let calls = 0
  const counted = Object.fromEntries(
    tools.map((name) => [
      name,
      async (args: unknown) => {
        const output = await call(name, args)
        calls++
        tokens += tokensOf(JSON.stringify({ name, arguments: args }), JSON.stringify(output))
        return output
      },
    ]),
  )
  const output = await new asyncFunction('input', 'tools', code)(input, counted)
  return { calls, tokens: tokens + tokensOf(JSON.stringify(output)), output }
}

async function scripted({ tools, input, code }: Job, { api }: World): Promise<Measured> {
  const { types } = await api('GET', `/api/v1/tools/types?names=${tools.join(',')}`)
  const request = { code, input, toolset: tools }
  const { output, calls, logs } = await api('POST', '/api/v1/scripts', request)
  return { calls: calls.length, tokens: tokensOf(types, JSON.stringify(request), JSON.stringify({ output, calls, logs })), output }
}

async function measure(): Promise<void> {
  const runAll = (way: (job: Job, where: World) => Promise<Measured>) => {
    const results: Measured[] = []
    let state: unknown
    return inFolder(async (dataDir) => {
      await using where = await world(dataDir)
      for (const job of jobs) results.push(await way(job, where))
      state = await stateOf(where.call)
    }).then(() => ({ results, state }))
  }
  const one = await runAll(direct)
  const two = await runAll(scripted)
  const isSame = isDeepStrictEqual(one.state, two.state)
  console.log(`both ways left the same state outside: ${isSame ? 'yes' : 'NO'}`)
  console.log('| job | calls | tokens, direct calls | tokens, script | less |\n|---|---|---|---|---|')
  let totals: readonly [number, number] = [0, 0]
  for (const [index, { name }] of jobs.entries()) {
    const [a, b] = [one.results[index]!, two.results[index]!]
    if (a.calls !== b.calls || !isDeepStrictEqual(a.output, b.output))
      console.log(`DIFFERENT: ${name}: ${JSON.stringify([a.calls, b.calls, a.output, b.output])}`)
    console.log(`| ${name} | ${a.calls} | ${a.tokens} | ${b.tokens} | ${less(a.tokens, b.tokens)} |`)
    totals = [totals[0] + a.tokens, totals[1] + b.tokens]
  }
  console.log(`| all | | ${totals[0]} | ${totals[1]} | ${less(...totals)} |`)
}

function less(before: number, after: number): string {
  return `${((1 - after / before) * 100).toFixed(0)} %`
}
