import { createHmac } from 'node:crypto'
import { until } from '#test/faults'
import type { Canaries } from './secrets.ts'

/** An answer that gives secrets out. */
export interface Given {
  readonly json: Record<string, unknown>
  readonly cookies: readonly string[]
  /** Where it leads. */
  readonly location: string | undefined
}

export interface Asked {
  readonly token?: string | null
  readonly headers?: Record<string, string>
  /** Sent as it is, instead of as JSON. */
  readonly raw?: string
  /** This answer gives a new secret out, once and to whom it belongs: its `token` or `secret` field becomes one more canary. */
  readonly givesToken?: string
  /** The same for other secrets in an answer: each with where it came from. */
  readonly gives?: (answer: Given) => Readonly<Record<string, string>>
}

export interface Exercise {
  readonly name: string
  run(hub: HubUnderTest, secrets: Canaries): Promise<void>
}

export interface Caller {
  /** Every answer, headers included, is looked through. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: string } & Given>
}

/** `call` sends the administrator's token. */
export interface HubUnderTest extends Caller {
  /** Where a system of the outside world answers, and repeats what it was sent when it refuses. */
  readonly outside: string
  readonly url: string
  with(asked: Asked): Caller
}

/** Each puts secrets in somewhere and does what may bring them out again. A module that takes secrets adds its own. */
export const exercises: readonly Exercise[] = [
  {
    name: 'tokens, good and bad',
    async run(hub, secrets) {
      const made = await hub
        .with({ givesToken: 'a token that was made' })
        .call('POST', '/api/v1/tokens', { name: 'agent', scopes: ['admin'] })
      const token = made.json['token'] as string
      await hub.with({ token }).call('GET', '/api/v1/tokens')
      await hub.with({ token }).call('POST', '/api/v1/workspaces', { name: 'more' })
      await hub.with({ token, headers: { 'hub-workspace': secrets.mint('Hub-Workspace header') } }).call('GET', '/api/v1/tokens')
      await hub.call('DELETE', `/api/v1/tokens/${made.json['id'] as string}`)
      await hub.with({ token }).call('GET', '/api/v1/tokens')
      await hub.with({ token: secrets.mint('unknown bearer token') }).call('GET', '/api/v1/tokens')
      await hub.with({ token: `ih_${secrets.mint('look-alike bearer token')}` }).call('GET', '/api/v1/tokens')
      const basic = Buffer.from(`user:${secrets.mint('basic authorization')}`).toString('base64')
      await hub.with({ token: null, headers: { authorization: `Basic ${basic}` } }).call('GET', '/api/v1/tokens')
      await hub
        .with({ token: null, headers: { authorization: `Bearer ${secrets.mint('broken header')} more` } })
        .call('GET', '/api/v1/tokens')
      await hub.with({ headers: { cookie: `session=${secrets.mint('cookie')}` } }).call('GET', '/api/v1/tokens')
      await hub.with({ token: secrets.mint('token to nowhere') }).call('GET', '/nothing')
    },
  },
  {
    name: 'content that is kept in sync',
    async run(hub, secrets) {
      // The outside system refuses and repeats what it was sent, so the source keeps an error.
      const config = { api_url: hub.outside }
      const credential = { token: secrets.mint('token of an integration whose content is synced') }
      await hub.call('POST', '/api/v1/integrations', { name: 'synced', integration_type: 'github', config, credential })
      const source = { integration: 'synced', kind: 'issues', config: { repository: 'octocat/hello-world' } }
      const { json } = await hub.call('POST', '/api/v1/sources', source)
      await until('the first sync has ended or waits', async () => {
        const { json: now } = await hub.call('GET', `/api/v1/sources/${json['id'] as string}`)
        return now['status'] !== 'syncing'
      })
      await hub.call('POST', '/api/v1/sources', { ...source, config: { repository: secrets.mint('repository that is none') } })
      await hub.call('GET', `/api/v1/search?q=${secrets.mint('query of a search')}`)
      await hub.call('GET', '/api/v1/documents')
    },
  },
  {
    name: 'query strings and paths',
    async run(hub, secrets) {
      await hub.call('GET', `/api/v1/tokens?access_token=${secrets.mint('query of a list')}`)
      await hub.with({ token: null }).call('GET', `/api/v1/health?token=${secrets.mint('query of health')}`)
      await hub.with({ token: null }).call('GET', `/nothing?password=${secrets.mint('query to nowhere')}`)
      await hub.call('GET', `/api/v1/tokens?cursor=${secrets.mint('cursor')}`)
      await hub.call('GET', `/api/v1/tokens?limit=${secrets.mint('limit')}`)
      await hub.call('GET', `/nothing/${secrets.mint('path to nowhere')}`)
      await hub.call('GET', `/${secrets.mint('broken path')}/%zz`)
    },
  },
  {
    name: 'credentials',
    async run(hub, secrets) {
      const data = (): Record<string, unknown> => ({ personal_access_token: secrets.mint('credential value'), port: 1 })
      await hub.call('POST', '/api/v1/credentials', { name: 'github-pat', kind: 'github', data: data() })
      await hub.call('POST', '/api/v1/credentials', { name: 'github-pat', data: data() })
      await hub.call('PUT', '/api/v1/credentials/github-pat', { data: data() })
      await hub.call('PUT', '/api/v1/credentials/smtp-credentials', { data: { host: 'mail', password: secrets.mint('smtp password') } })
      await hub.call('GET', '/api/v1/credentials')
      await hub.call('POST', '/api/v1/credentials', { name: 'unknown field', data: data(), password: secrets.mint('unknown field') })
      await hub.call('PUT', '/api/v1/credentials/github-pat', {
        data: { nested: { token: secrets.mint('nested value') }, list: [secrets.mint('listed value')] },
      })
      await hub.call('PUT', '/api/v1/credentials/github-pat', { data: secrets.mint('data that is a text') })
      await hub.call('PUT', '/api/v1/credentials/github-pat', { data: { token: secrets.mint('too long').repeat(3000) } })
      await hub.call('PUT', '/api/v1/credentials/nul', { data: { token: `${secrets.mint('with NUL')}\u0000` } })
      await hub.with({ token: null, raw: JSON.stringify({ name: 'x', data: data() }) }).call('POST', '/api/v1/credentials')
      await hub.call('DELETE', '/api/v1/credentials/smtp-credentials')
    },
  },
  {
    name: 'bodies that cannot be read',
    async run(hub, secrets) {
      const broken = [
        (s: string) => s,
        (s: string) => `{"token": ${s}}`,
        (s: string) => `{"token": "${s}`,
        (s: string) => `{"a": "${s}"} "${s}"`,
        (s: string) => `{"__proto__": "${s}"}`,
      ]
      for (const [index, damage] of broken.entries()) {
        await hub.with({ raw: damage(secrets.mint(`broken JSON ${index}`)) }).call('PUT', '/api/v1/credentials/broken')
      }
      const json = (s: string): string => JSON.stringify({ data: { token: s } })
      await hub
        .with({ raw: json(secrets.mint('wrong type')), headers: { 'content-type': 'text/plain' } })
        .call('PUT', '/api/v1/credentials/x')
      await hub.with({ raw: json(secrets.mint('too large').repeat(40_000)) }).call('PUT', '/api/v1/credentials/x')
      await hub.with({ raw: json(secrets.mint('body to nowhere')) }).call('POST', '/nothing')
    },
  },
  {
    name: 'integrations, and an outside system that repeats what it refuses',
    async run(hub, secrets) {
      const create = (name: string, more: Record<string, unknown>) =>
        hub.call('POST', '/api/v1/integrations', { name, integration_type: 'http', config: { base_url: hub.outside }, ...more })
      await create('by-token', { access_token: secrets.mint('access_token of an integration') })
      await create('by-values', { credential: { username: 'me', password: secrets.mint('inline credential') } })
      await create('with-secret', { config: { base_url: hub.outside, webhook_secret: secrets.mint('webhook secret in config') } })
      await create('wrong', { access_token: secrets.mint('of an integration that fails'), more: secrets.mint('unknown field') })
      await hub.call('POST', '/api/integrations/by-name/configure', {
        integration_type: 'http',
        credential: { token: secrets.mint('credential by name') },
        config: { base_url: hub.outside },
      })
      await hub.call('PATCH', '/api/v1/integrations/by-token', { access_token: secrets.mint('changed access_token') })
      for (const name of ['by-token', 'by-values', 'with-secret', 'by-name']) {
        await hub.call('GET', `/api/v1/integrations/${name}`)
        await hub.call('POST', `/api/v1/integrations/${name}/test`)
        for (const status of [200, 401, 500]) {
          const input = { method: 'GET', path: `/status/${status}` }
          await hub.call('POST', '/api/v1/tools/http_request/invoke', { input, integration: name })
          await hub.call('POST', '/api/v1/tools/http_request/invoke', { input, integration: name, dry_run: true })
        }
        await hub.call('GET', `/api/v1/integrations/${name}/health`)
      }
      await hub.call('GET', '/api/v1/integrations')
      await hub.call('GET', '/api/v1/invocations')
    },
  },
  {
    name: 'signing secrets of endpoints, and a receiver that repeats what it is sent',
    async run(hub, secrets) {
      const whsec = (where: string): string => `whsec_${Buffer.from(secrets.mint(where)).toString('base64')}`
      const create = (more: object, givesToken?: string) =>
        hub
          .with(givesToken === undefined ? {} : { givesToken })
          .call('POST', '/api/v1/endpoints', { url: `${hub.outside}/status/400`, ...more })
      const made = await create({}, 'a signing secret that was made')
      const given = await create({ secret: whsec('a signing secret that was given') })
      await create({ secret: secrets.mint('a signing secret that is none') })
      await create({ url: `http://me:${secrets.mint('password in a URL')}@127.0.0.1/` })
      await create({ url: hub.outside, more: whsec('unknown field of an endpoint') })
      const id = given.json['id'] as string
      await hub.call('POST', `/api/v1/endpoints/${id}/rotate`, { secret: whsec('a signing secret that replaces another') })
      await hub
        .with({ givesToken: 'a signing secret by rotation' })
        .call('POST', `/api/v1/endpoints/${made.json['id'] as string}/rotate`, {})
      await hub.call('POST', `/api/v1/endpoints/${id}/test`)
      await hub.call('POST', `/api/v1/endpoints/${id}/replay`, { from: '2026-01-01T00:00:00Z' })
      for (const path of ['endpoints', `endpoints/${id}`, 'deliveries', 'credentials']) await hub.call('GET', `/api/v1/${path}`)
      await hub.call('DELETE', `/api/v1/endpoints/${id}`)
    },
  },
  {
    name: 'secrets of webhooks, and deliveries signed well and badly',
    async run(hub, secrets) {
      const github = secrets.mint('webhook secret of an integration')
      const create = (name: string, integration_type: string, more: object) =>
        hub.call('POST', '/api/v1/integrations', { name, integration_type, ...more })
      const signature = (body: string, key: string): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
      const deliver = (hook: string, body: string, headers: Record<string, string>) =>
        hub.with({ token: null, raw: body, headers }).call('POST', `/api/v1/webhooks/${hook}`)
      await create('hooked', 'github', { access_token: secrets.mint('token beside a webhook secret'), config: { webhook_secret: github } })
      const signed = (key: string) => ({ 'x-github-event': 'push', 'x-hub-signature-256': signature('{"a":1}', key) })
      await deliver('hooked', '{"a":1}', signed(github))
      await deliver('hooked', '{"a":1}', signed(secrets.mint('another secret to sign with')))
      await hub.call('PATCH', '/api/v1/integrations/hooked', {
        config: { webhook_secret: secrets.mint('webhook secret that replaces another') },
      })
      await hub.call('PATCH', '/api/v1/integrations/hooked', {
        config: { webhook_secret: secrets.mint('webhook secret in a refused change'), no: 1 },
      })

      const hooks = { zulip: secrets.mint('token in the body'), gitlab_token: secrets.mint('token in a header') }
      for (const [verification, secret] of Object.entries(hooks))
        await create(`by-${verification}`, 'webhook', { credential: { secret }, config: { verification, transform: '{"data": $}' } })
      for (const token of [hooks.zulip, secrets.mint('wrong token in the body')])
        await deliver('by-zulip', JSON.stringify({ token, message: { id: 1, content: 'hello' } }), {})
      for (const token of [hooks.gitlab_token, secrets.mint('wrong token in a header')])
        await deliver('by-gitlab_token', '{"object_kind":"push"}', { 'x-gitlab-token': token })
      await create('bearing', 'webhook', { credential: { secret: github }, config: { verification: { kind: 'bearer' } } })
      await deliver('bearing', '{}', { authorization: `Bearer ${github}` })
      await deliver('nowhere', '{}', { 'x-gitlab-token': secrets.mint('token to an unknown hook') })
      const { json } = await hub.call('GET', '/api/v1/events')
      for (const { id } of json['items'] as { id: string }[]) {
        await hub.call('GET', `/api/v1/events/${id}`)
        await hub.call('POST', `/api/v1/events/${id}/replay`, { transform: 'now' })
      }
      for (const hook of ['by-zulip', 'by-gitlab_token', 'hooked']) await hub.call('GET', `/api/integrations/webhook/${hook}/logs`)
      await hub.call('GET', '/api/v1/webhooks/rejections')
      await hub.call('GET', '/api/v1/integrations')
    },
  },
  {
    name: 'calls that a person approves, and flows that make calls',
    async run(hub, secrets) {
      const access_token = secrets.mint('access_token behind an approved call')
      await hub.call('POST', '/api/v1/integrations', {
        name: 'asked',
        integration_type: 'http',
        access_token,
        config: { base_url: hub.outside },
      })
      await hub.call('PUT', '/api/v1/policies', { rules: [{ tools: ['http_request'], decision: 'ask' }] })
      for (const status of [200, 401]) {
        const body = { input: { method: 'POST', path: `/status/${status}` }, integration: 'asked' }
        const invoke = (headers: Record<string, string>) => hub.with({ headers }).call('POST', '/api/v1/tools/http_request/invoke', body)
        const id = (await invoke({})).json['approval_id'] as string
        await invoke({ 'hub-approval': secrets.mint('an approval that is none') })
        await hub.call('POST', `/api/v1/approvals/${id}`, { decision: 'approve', password: secrets.mint('unknown field of a decision') })
        const { json } = await hub
          .with({ givesToken: 'token of a decider' })
          .call('POST', '/api/v1/tokens', { name: 'decider', scopes: ['admin'] })
        await hub.with({ token: json['token'] as string }).call('POST', `/api/v1/approvals/${id}`, { decision: 'approve' })
        await invoke({ 'hub-approval': id })
        await hub.call('GET', `/api/v1/approvals/${id}`)
      }
      await hub.call('GET', '/api/v1/approvals')
      await hub.call('PUT', '/api/v1/policies', { rules: [] })

      const calls = (status: number): object => ({
        id: `s${status}`,
        uses: 'http_request',
        integration: 'asked',
        with: { method: 'POST', path: `/status/${status}` },
      })
      await hub.call('POST', '/api/v1/flows', { definition: { id: 'calling', steps: [200, 401].map(calls) } })
      const run = await hub.call('POST', '/api/v1/flows/calling/trigger?wait=20', {})
      const id = run.json['id'] as string
      for (const path of [`runs/${id}`, `runs/${id}/stream`, 'runs', 'flows/calling']) await hub.call('GET', `/api/v1/${path}`)
      await hub.call('POST', `/api/v1/flows/calling/trigger?wait=20`, { dry_run: true })
    },
  },
  {
    name: 'secret parameters of flows, in calls that succeed, fail and are only shown',
    async run(hub, secrets) {
      const access_token = secrets.mint('access_token behind a secret parameter')
      const config = { base_url: hub.outside }
      await hub.call('POST', '/api/v1/integrations', { name: 'told', integration_type: 'http', access_token, config })
      const calls = (status: number): object => ({
        id: `s${status}`,
        uses: 'http_request',
        integration: 'told',
        with: {
          method: 'POST',
          path: `/status/${status}`,
          query: { by: '${{ parameters.token }}' },
          headers: { 'x-basic': "Basic ${{ $base64encode('me:' & parameters.token) }}" },
        },
      })
      const parameters = { properties: { token: { type: 'string', writeOnly: true } } }
      const outputs = { token: '${{ parameters.token }}' }
      for (const status of [200, 401, 500]) {
        const flow = `secret-${status}`
        const definition = { id: flow, parameters, tool: true, steps: [calls(status)], outputs }
        await hub.call('POST', '/api/v1/flows', { definition })
        for (const dry_run of [false, true]) {
          const given = { parameters: { token: secrets.mint(`parameter of ${flow}, dry run ${dry_run}`) }, dry_run }
          const run = await hub.call('POST', `/api/v1/flows/${flow}/trigger?wait=20`, given)
          const id = run.json['id'] as string
          for (const path of [`runs/${id}`, `runs/${id}/stream`, 'runs', 'invocations']) await hub.call('GET', `/api/v1/${path}`)
        }
        const input = { token: secrets.mint(`input of the tool of ${flow}`) }
        for (const mode of ['sync', 'async']) await hub.call('POST', `/api/v1/tools/flow_secret_${status}/invoke`, { input, mode })
        const misspelt = { parameters: { tokn: secrets.mint('a parameter that is not declared') } }
        await hub.call('POST', `/api/v1/flows/${flow}/trigger`, misspelt)
        const again = { action: 'runs.replay', filter: { flow } }
        await hub.call('POST', '/api/v1/bulk', { ...again, input: { password: secrets.mint('unknown input of a bulk action') } })
        await hub.call('POST', '/api/v1/bulk', again)
      }
    },
  },
  {
    name: 'what was set in the environment',
    async run(hub) {
      await hub.call('GET', '/api/v1/integrations')
      await hub.with({ token: null }).call('GET', '/readyz')
      for (const name of ['github', 'jira', 'slack', 'zulip', 'openai']) await hub.call('POST', `/api/v1/integrations/${name}/test`)
    },
  },
]
