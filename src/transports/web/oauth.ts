import type { FastifyReply, FastifyRequest } from 'fastify'
import { deviceIntervalSeconds, type DeviceAnswer } from '#access'
import { appScopes, OAuthRefusal, type IssuedTokens } from '#apps'
import { hubError } from '#errors'
import { commandLine, deviceGrant } from '#lib/hub-login'
import type { RestApp } from '#transports/rest'
import type { WebDeps } from './deps.ts'
import { readForms } from './forms.ts'

const open = { config: { access: 'public' }, schema: { hide: true } } as const

/** Where clients look, with the path of the resource and without, in the spellings of OAuth and of OpenID. */
const metadataPaths = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/mcp',
  '/.well-known/openid-configuration',
  '/.well-known/openid-configuration/mcp',
  '/mcp/.well-known/openid-configuration',
]

type Form = Readonly<Record<string, string | undefined>>

/** What programs ask the authorization server: its metadata, registration, tokens and their end. The pages for people are in other files. */
export async function oauthRoutes(app: RestApp, { apps, access, origins }: WebDeps): Promise<void> {
  const { clients, exchange } = apps
  const { deviceLogins } = access

  for (const path of metadataPaths)
    app.get(path, open, (request, reply) => {
      const issuer = origins.own(request)
      return reply.send({ ...metadataOf(issuer), ...(path.includes('/openid-configuration') ? openIdOf(issuer) : {}) })
    })
  // No token is signed: they are looked up. OpenID's form of the metadata must name a place for keys.
  app.get('/oauth/keys', open, (_request, reply) => reply.send({ keys: [] }))

  app.post('/oauth/register', open, (request, reply) =>
    answered(reply, async () => {
      origins.own(request)
      const { app: made, secret } = await clients.register(request.body, request.ip)
      void reply.code(201)
      return {
        client_id: made.clientId,
        client_id_issued_at: Math.floor(made.createdAt.getTime() / 1000),
        client_name: made.name,
        redirect_uris: made.redirectUris,
        token_endpoint_auth_method: made.authMethod,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
      }
    }),
  )

  const clientOf = (request: FastifyRequest, form: Form) => clients.authenticate({ ...proofIn(request, form), address: request.ip })

  await app.register(async (forms: RestApp) => {
    readForms(forms)

    forms.post('/oauth/token', open, (request, reply) =>
      answered(reply, async () => {
        origins.own(request)
        const form = (request.body ?? {}) as Form
        const { ip: address } = request
        const { resource } = form
        if (form['grant_type'] === deviceGrant) return deviceAnswer(await deviceLogins.poll(needed(form, 'device_code'), address))
        if (form['grant_type'] === 'authorization_code') {
          const [code, verifier] = [needed(form, 'code'), needed(form, 'code_verifier')]
          const client = await clientOf(request, form)
          return tokensOf(await exchange.code({ app: client, code, verifier, redirectUri: form['redirect_uri'], resource, address }))
        }
        if (form['grant_type'] === 'refresh_token') {
          const refreshToken = needed(form, 'refresh_token')
          const client = await clientOf(request, form)
          return tokensOf(await exchange.refresh({ app: client, refreshToken, scope: form['scope'], resource, address }))
        }
        throw new OAuthRefusal('unsupported_grant_type', 'grant_type must be authorization_code, refresh_token or that of device codes')
      }),
    )

    forms.post('/oauth/revoke', open, (request, reply) =>
      answered(reply, async () => {
        origins.own(request)
        const form = (request.body ?? {}) as Form
        const token = needed(form, 'token')
        if (form['client_id'] === commandLine) await deviceLogins.end(token, request.ip)
        else await exchange.revoke(await clientOf(request, form), token, request.ip)
        return {}
      }),
    )

    forms.post('/oauth/device', open, (request, reply) =>
      answered(reply, async () => {
        const { client_id: client, machine = '' } = (request.body ?? {}) as Form
        const place = `${origins.own(request)}/device`
        if (client !== commandLine) throw new OAuthRefusal('invalid_client', `only ${commandLine} gets device codes here`)
        const name = machine.replaceAll(/[^\w .@-]/g, '').slice(0, 60) || 'a machine without a name'
        const { deviceCode, userCode, expiresInSeconds } = await deviceLogins.begin(name, request.ip)
        return {
          device_code: deviceCode,
          user_code: userCode,
          verification_uri: place,
          verification_uri_complete: `${place}?code=${userCode}`,
          expires_in: expiresInSeconds,
          interval: deviceIntervalSeconds,
        }
      }),
    )
  })
}

function metadataOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    registration_endpoint: `${issuer}/oauth/register`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    device_authorization_endpoint: `${issuer}/oauth/device`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', deviceGrant],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    revocation_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    scopes_supported: [...appScopes],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  }
}

/** OpenID's form must name these. The hub gives out no ID tokens, so it signs with no algorithm. */
function openIdOf(issuer: string): Record<string, unknown> {
  return { jwks_uri: `${issuer}/oauth/keys`, subject_types_supported: ['public'], id_token_signing_alg_values_supported: [] }
}

function tokensOf({ accessToken, refreshToken, scopes, expiresIn }: IssuedTokens): Record<string, unknown> {
  return { access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn, refresh_token: refreshToken, scope: scopes.join(' ') }
}

/** RFC 8628, 3.5. */
const deviceErrors = {
  pending: 'authorization_pending',
  slow_down: 'slow_down',
  refused: 'access_denied',
  expired: 'expired_token',
  unknown: 'invalid_grant',
} as const

class DeviceRefusal extends Error {}

function deviceAnswer(answer: DeviceAnswer): Record<string, unknown> {
  if (answer.kind !== 'token') throw new DeviceRefusal(deviceErrors[answer.kind])
  const expires_in = Math.floor((answer.expiresAt.getTime() - Date.now()) / 1000)
  return { access_token: answer.token, token_type: 'Bearer', expires_in, scope: answer.scopes.join(' ') }
}

/** Sends what OAuth calls an answer or an error. Nobody may keep either. */
async function answered(reply: FastifyReply, work: () => Promise<Record<string, unknown>>): Promise<FastifyReply> {
  void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
  try {
    return reply.send(await work())
  } catch (error) {
    if (error instanceof DeviceRefusal) return reply.code(400).send({ error: error.message })
    if (!(error instanceof OAuthRefusal)) throw error
    if (error.error === 'invalid_client') void reply.header('www-authenticate', 'Basic realm="oauth"')
    return reply.code(error.error === 'invalid_client' ? 401 : 400).send({ error: error.error, error_description: error.message })
  }
}

function needed(form: Form, name: string): string {
  const value = form[name]
  if (value === undefined || value === '' || value.length > 2000)
    throw new OAuthRefusal('invalid_request', `${name} is missing, or too long`)
  return value
}

/** By the header or by the form, but not by both (RFC 6749, 2.3). */
function proofIn({ headers }: FastifyRequest, form: Form): { readonly clientId: string; readonly secret: string | undefined } {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=_-]{1,4000})$/i.exec(headers.authorization ?? '') ?? []
  if (headers.authorization === undefined) return { clientId: needed(form, 'client_id'), secret: form['client_secret'] }
  const [clientId, secret] = encoded === undefined ? [] : Buffer.from(encoded, 'base64').toString().split(/:(.*)/s)
  if (!clientId || form['client_secret'] !== undefined || (form['client_id'] ?? decoded(clientId)) !== decoded(clientId))
    throw new OAuthRefusal('invalid_client', 'the client must prove who it is in one way')
  return { clientId: decoded(clientId), secret: decoded(secret ?? '') }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw hubError('invalid_input', { detail: 'the header Authorization is not form-encoded' })
  }
}
