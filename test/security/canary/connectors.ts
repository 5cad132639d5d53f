import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { connectors } from '#connectors'
import { schemes, sign, type AuthMethod, type Connector, type WebhookScheme } from '#kit'
import { configFor } from '#test'
import type { Exercise, HubUnderTest } from './exercises.ts'
import type { Canaries } from './secrets.ts'

/** What is not HTTP has no address of its own in its config. */
function configOf(connector: Connector, outside: string): Record<string, unknown> {
  if (connector.name === 'smtp') return { host: '127.0.0.1', port: 9 }
  return connector.name === 'webhook' ? { verification: 'github' } : configFor(connector, outside)
}

function valuesOf({ connector, method }: Way, secrets: Canaries, kind: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(method.fields.shape).flatMap(([field, type]) => {
      if (field === 'expires_at') return []
      if (type.meta()?.['secret'] !== true) return [[field, '42']]
      return [[field, secrets.mint(`${kind}: ${field} of ${connector.name}, ${method.type}`)]]
    }),
  )
}

interface Way {
  readonly connector: Connector
  readonly method: AuthMethod
}

const ways: readonly Way[] = connectors.flatMap((connector) =>
  connector.auth.filter(({ fields }) => Object.keys(fields.shape).length > 0).map((method) => ({ connector, method })),
)

/** Uses an integration in every way in which its secret is sent, to a system that repeats what it is sent. */
async function use(hub: HubUnderTest, name: string, { actions, name: connector }: Connector): Promise<void> {
  await hub.call('POST', `/api/v1/integrations/${name}/test`)
  for (const effect of ['read', 'write', 'destroy']) {
    const [action, { example } = { example: {} }] = Object.entries(actions).find(([, one]) => one.effect === effect) ?? []
    if (action === undefined) continue
    for (const mode of ['sync', 'async'])
      await hub.call('POST', `/api/v1/tools/${connector}_${action}/invoke`, { input: example, integration: name, mode })
    await hub.call('POST', `/api/v1/tools/${connector}_${action}/invoke`, { input: example, integration: name, dry_run: true })
  }
}

const everyCredential: Exercise = {
  name: 'every secret field of every way to authenticate, given inline and by name',
  async run(hub, secrets) {
    for (const way of ways) {
      const { connector, method } = way
      const name = `${connector.name}-${method.type}`.replaceAll('_', '-')
      const template = method.type === 'template' ? { headers: { 'x-filled': '{{secret}}' }, query: { filled: '{{secret}}' } } : {}
      const body = {
        integration_type: connector.name,
        auth_type: method.type,
        config: { ...configOf(connector, hub.outside), ...template },
      }
      const made = await hub.call('POST', '/api/v1/integrations', { ...body, name, credential: valuesOf(way, secrets, 'inline') })
      assert.equal(made.status, 201, `${name}: ${made.body}`)
      await use(hub, name, connector)
      await hub.call('PUT', `/api/v1/credentials/${name}`, { kind: connector.name, data: valuesOf(way, secrets, 'named') })
      await hub.call('POST', '/api/v1/integrations', { ...body, name: `${name}-named`, credential: name })
      await use(hub, `${name}-named`, connector)
      await hub.call('PATCH', `/api/v1/integrations/${name}`, { credential: valuesOf(way, secrets, 'changed') })
      await hub.call('PATCH', `/api/v1/integrations/${name}`, { credential: valuesOf(way, secrets, 'refused'), config: { no: 1 } })
    }
  },
}

const appKey: Exercise = {
  name: 'the private key of an app, which signs',
  async run(hub, secrets) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    secrets.add('a line of the private key of an app', pem.split('\n')[10]!)
    const credential = { app_id: '1', installation_id: '2', private_key: pem }
    const body = { name: 'app', integration_type: 'github', auth_type: 'github_app', credential, config: { api_url: hub.outside } }
    await hub.call('POST', '/api/v1/integrations', body)
    await hub.call('POST', '/api/v1/integrations/app/test')
  },
}

/** A secret that a scheme can use, with the canary in it. */
function secretFor(scheme: WebhookScheme, canary: string): string {
  if (scheme.kind === 'standard') return `whsec_${Buffer.from(canary).toString('base64')}`
  if (scheme.kind === 'basic') return `me:${canary}`
  return canary
}

const everyScheme: Exercise = {
  name: 'secrets of webhooks of every scheme, with deliveries signed well and badly',
  async run(hub, secrets) {
    const own = {
      bearer: { kind: 'bearer' },
      basic: { kind: 'basic' },
      hmac: { kind: 'hmac', header: 'x-own' },
      token: { kind: 'token', header: 'x-own' },
    }
    const all: Readonly<Record<string, { verification: unknown; scheme: WebhookScheme }>> = {
      ...Object.fromEntries(Object.entries(schemes).map(([name, scheme]) => [name, { verification: name, scheme }])),
      bearer: { verification: own.bearer, scheme: { kind: 'token', header: 'authorization', prefix: 'Bearer ' } },
      basic: { verification: own.basic, scheme: { kind: 'basic' } },
      hmac: { verification: own.hmac, scheme: { kind: 'hmac', header: 'x-own', algorithm: 'sha256', encoding: 'hex' } },
      token: { verification: own.token, scheme: { kind: 'token', header: 'x-own' } },
    }
    for (const [scheme, { verification, scheme: rule }] of Object.entries(all)) {
      const name = `scheme-${scheme}`
      const minted = (what: string): string => secretFor(rule, secrets.mint(`${what} of the scheme ${scheme}`))
      const [secret, previous_secret] = [minted('secret'), minted('previous secret')]
      const made = await hub.call('POST', '/api/v1/integrations', {
        name,
        integration_type: 'webhook',
        credential: { secret, previous_secret },
        config: { verification },
      })
      const statuses: number[] = []
      for (const key of [secret, previous_secret, minted('wrong secret')]) {
        const { headers, body } = sign(rule, { body: Buffer.from(`{"text":"${scheme}"}`), secret: key, now: Date.now() })
        const more = { ...headers, ...(rule.kind === 'channel' ? { 'x-goog-message-number': String(statuses.length + 1) } : {}) }
        const reply = await hub.with({ token: null, raw: body.toString(), headers: more }).call('POST', `/api/v1/webhooks/${name}`)
        statuses.push(reply.status)
      }
      assert.deepEqual([made.status, ...statuses], [201, 202, 202, 401], name)
      await hub.call('GET', `/api/integrations/webhook/${name}/logs`)
    }
  },
}

const sentHeaders: Exercise = {
  name: 'headers of deliveries that hold secrets of the sender',
  async run(hub, secrets) {
    const secret = secrets.mint('secret of a hook whose sender sends more secrets')
    await hub.call('POST', '/api/v1/integrations', {
      name: 'more-headers',
      integration_type: 'webhook',
      credential: { secret },
      config: { verification: 'github' },
    })
    const names = [
      'authorization',
      'proxy-authorization',
      'cookie',
      'x-api-key',
      'x-auth-token',
      'x-gitlab-token',
      'x-access-token',
      'x-client-secret',
      'x-goog-channel-token',
    ]
    const sent = Object.fromEntries(names.map((name) => [name, secrets.mint(`header ${name} of a delivery`)]))
    const wrong = secrets.mint('wrong secret beside headers')
    for (const [key, status] of [
      [secret, 202],
      [wrong, 401],
    ] as const) {
      const { headers, body } = sign(schemes.github, { body: Buffer.from('{"more":"headers"}'), secret: key, now: Date.now() })
      const reply = await hub
        .with({ token: null, raw: body.toString(), headers: { ...sent, ...headers } })
        .call('POST', '/api/v1/webhooks/more-headers')
      assert.equal(reply.status, status)
    }
  },
}

const addresses: Exercise = {
  name: 'secrets in addresses',
  async run(hub, secrets) {
    const withUser = (where: string): string => hub.outside.replace('//', `//me:${secrets.mint(where)}@`)
    const create = (name: string, integration_type: string, config: object) =>
      hub.call('POST', '/api/v1/integrations', {
        name,
        integration_type,
        access_token: secrets.mint(`token beside the address of ${name}`),
        config,
      })
    await create('address-http', 'http', { base_url: withUser('password in base_url') })
    await create('address-github', 'github', { api_url: withUser('password in api_url') })
    await create('address-redirect', 'http', { base_url: hub.outside })
    for (const name of ['address-http', 'address-github', 'address-redirect']) await hub.call('POST', `/api/v1/integrations/${name}/test`)
    await hub.call('POST', '/api/v1/tools/http_request/invoke', { integration: 'address-redirect', input: { path: '/status/302' } })
    await hub.call('POST', '/api/v1/endpoints', { url: withUser('password in the URL of an endpoint') })
  },
}

/** Each puts secrets into what connectors take, whatever they declare. */
export const connectorExercises: readonly Exercise[] = [everyCredential, appKey, everyScheme, sentHeaders, addresses]
