import { z } from 'zod'
import { hubError } from '#errors'
import { inWorkspace } from './in-workspace.ts'
import { operation, plain, view, type OperationContext } from './operation.ts'
import { deleted, reference, timestamp } from './shared.ts'
import { baseOf, requireOwnAddress } from './addresses.ts'

const statuses = ['waiting', 'choosing', 'connected', 'denied', 'failed', 'cancelled', 'expired'] as const

const connectionSchema = z.object({
  id: z.string(),
  integration_id: z.string(),
  status: z
    .enum(statuses)
    .describe('`waiting`: the person has not decided. `choosing`: several sites were allowed, and the person chooses one.'),
  account: z.string().nullable(),
  problem: z.object({ code: z.string(), detail: z.string(), hint: z.string().optional() }).nullable(),
  choices: z.array(z.object({ id: z.string(), title: z.string() })).describe('What the person chooses from, while status is `choosing`.'),
  user_code: z.string().nullable().describe('For a device: what the person enters at verification_uri.'),
  verification_uri: z.string().nullable(),
  interval_seconds: z.int().describe('For a device: the provider is asked no more often.'),
  expires_at: timestamp,
})

type Shown = z.output<typeof connectionSchema>
type Attempt = Awaited<ReturnType<OperationContext['integrations']['connecting']['look']>> & object

const shownAttempt = (attempt: Attempt): Shown => ({
  id: attempt.id,
  integration_id: attempt.integrationId,
  // What is being stored cannot be seen yet.
  status: attempt.status === 'storing' ? 'waiting' : attempt.status,
  account: attempt.account,
  problem: attempt.problem,
  choices: attempt.status === 'choosing' ? [...attempt.choices] : [],
  user_code: attempt.userCode,
  verification_uri: attempt.verificationUri,
  interval_seconds: attempt.intervalSeconds,
  expires_at: attempt.expiresAt,
})

const attemptView = view(connectionSchema, shownAttempt)

/** How a connection stands, by the id of its link or of its attempt. */
async function shownConnection({ integrations, principal }: OperationContext, id: string): Promise<Shown> {
  const missing = hubError('attempt_unknown', { detail: `there is no connection "${id}" in this workspace, or it ended long ago` })
  if (!id.startsWith('lnk_')) {
    const attempt = await integrations.connecting.look(principal.workspaceId, id)
    if (!attempt) throw missing
    return shownAttempt(attempt)
  }
  const found = await integrations.links.stateOf(principal.workspaceId, id)
  if (!found) throw missing
  const { link, attempt } = found
  if (attempt) return { ...shownAttempt(attempt), id }
  return {
    id,
    integration_id: link.integrationId,
    status: link.expiresAt.getTime() < Date.now() || link.usedAt !== null ? 'expired' : 'waiting',
    account: null,
    problem: null,
    choices: [],
    user_code: null,
    verification_uri: null,
    interval_seconds: 0,
    expires_at: link.expiresAt.toISOString(),
  }
}

const integrationId = reference.describe('Id, unique name or number of the integration.')
const connectionId = reference.describe('The id of a link (lnk_…) or of an attempt (att_…).')

const features = z
  .array(z.string().min(1).max(100))
  .max(50)
  .optional()
  .describe(
    'Names of the connector’s features, such as issues: only their rights are asked for. All that the connector uses when left out.',
  )

export const connectIntegration = operation({
  name: 'integrations.connect',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Make a link with which a person connects an integration',
  description:
    'Whoever opens the link decides on the pages of the outside system. It works once and needs no account in the hub, so give it to nobody else. GET /api/v1/connections/{id} says how it went.',
  input: z.strictObject({
    id: integrationId,
    return_url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .describe('Where the last page leads: an address of the hub, or of HUB_CORS_ORIGINS.'),
    expires_in: z.int().min(60).max(604_800).default(3600).describe('How many seconds the link is valid.'),
  }),
  output: view(
    z.object({
      id: z.string(),
      url: z.string(),
      callback_url: z.string().describe('What the application at the outside system needs as its redirect URL.'),
      expires_at: timestamp,
    }),
    (made: { id: string; url: string; callbackUrl: string; expiresAt: Date }) => ({
      id: made.id,
      url: made.url,
      callback_url: made.callbackUrl,
      expires_at: made.expiresAt.toISOString(),
    }),
  ),
  http: { method: 'POST', path: '/api/v1/integrations/:id/connect', status: 201 },
  example: { id: 'github', expires_in: 3600 },
  run: async (context, { id, return_url: returnUrl, expires_in: expiresInSeconds }) => {
    const { integrations, principal } = context
    if (returnUrl !== undefined) requireOwnAddress(context, returnUrl)
    const integration = await integrations.get(principal.workspaceId, id)
    const { link, token } = await integrations.links.create(principal, integration, { returnUrl, expiresInSeconds })
    const base = baseOf(context)
    return { id: link.id, url: `${base}/connect/${token}`, callbackUrl: `${base}/oauth/callback`, expiresAt: link.expiresAt }
  },
})

export const connectDevice = operation({
  name: 'integrations.connect_device',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Connect an integration with a code that a person enters at the outside system',
  input: z.strictObject({ id: integrationId, features }),
  output: attemptView,
  http: { method: 'POST', path: '/api/v1/integrations/:id/connect/device', status: 201 },
  example: { id: 'github' },
  run: async ({ integrations, principal }, input) =>
    integrations.connecting.beginDevice(principal, await integrations.get(principal.workspaceId, input.id), { features: input.features }),
})

export const getConnection = operation({
  name: 'connections.get',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'Get how an attempt to connect stands',
  input: z.strictObject({ id: connectionId }),
  output: plain(connectionSchema),
  http: { method: 'GET', path: '/api/v1/connections/:id' },
  example: { id: 'lnk_0197f3d2-0000-7000-8000-000000000000' },
  run: (context, { id }) => shownConnection(context, id),
})

export const chooseConnection = operation({
  name: 'connections.choose',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Choose one of several sites that a person allowed',
  description: 'For attempts that the caller began and completes itself. Where a person began in a browser, they choose there.',
  input: z.strictObject({ id: reference.describe('The id of the attempt (att_…).'), choice: z.string().min(1).max(200) }),
  output: attemptView,
  http: { method: 'POST', path: '/api/v1/connections/:id/choice' },
  example: { id: 'att_0197f3d2-0000-7000-8000-000000000000', choice: '11223344-a1b2-3b33-c444-def123456789' },
  run: ({ integrations, principal }, { id, choice }) => integrations.connecting.choose(id, choice, { principal }),
})

export const cancelConnection = operation({
  name: 'connections.cancel',
  scope: 'integrations:write',
  effect: 'destroy',
  summary: 'Revoke a link, or end an attempt to connect',
  input: z.strictObject({ id: connectionId }),
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/connections/:id', status: 204 },
  example: { id: 'lnk_0197f3d2-0000-7000-8000-000000000000' },
  run: async ({ integrations, principal }, { id }) => {
    if (id.startsWith('lnk_')) await integrations.links.revoke(principal, id)
    else await integrations.connecting.cancel(principal.workspaceId, id)
    return null
  },
})

/** The two calls with which an application connects on pages of its own, in the spelling of older clients. */
export const initProviderAuth = operation({
  name: 'integrations.initProviderAuth',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Begin to connect an integration on pages of an application of one’s own',
  input: z.strictObject({
    workspaceId: z.string().min(1).max(100).describe('Id or name of the workspace.'),
    features,
    redirectUrl: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .describe('A page of the hub, of HUB_CORS_ORIGINS, or the redirect URL that the environment names for the connector.'),
    providerType: z.string().min(1).max(100).describe('The connector, such as GitHub.'),
  }),
  output: plain(
    z.object({ authUrl: z.string(), state: z.string(), attemptId: z.string(), integrationId: z.string(), expiresAt: timestamp }),
  ),
  example: { workspaceId: 'default', features: ['issues'], redirectUrl: 'https://app.example.com/auth-callback', providerType: 'GitHub' },
  trpc: true,
  run: async (given, { workspaceId, features: wanted, redirectUrl, providerType }) => {
    const context = await inWorkspace(given, workspaceId, 'integrations:write')
    const { integrations, principal } = context
    const connector = integrations.connector(providerType)
    if (integrations.redirectOf(connector) !== redirectUrl) requireOwnAddress(context, redirectUrl)
    const integration = await integrations.forConnecting(principal, connector)
    const { attempt, url, state } = await integrations.connecting.begin(principal, integration, {
      features: wanted,
      redirectUri: redirectUrl,
    })
    return { authUrl: url, state, attemptId: attempt.id, integrationId: integration.id, expiresAt: attempt.expiresAt }
  },
})

export const completeProviderAuth = operation({
  name: 'integrations.completeProviderAuth',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Complete what integrations.initProviderAuth began, once, as the same caller',
  input: z.strictObject({ code: z.string().min(1).max(4000), state: z.string().min(1).max(500) }),
  output: plain(
    z.object({
      success: z.boolean(),
      integrationId: z.string(),
      attemptId: z.string(),
      account: z.string().nullable(),
      status: z.string(),
    }),
  ),
  example: { code: '…', state: '…' },
  trpc: true,
  run: async ({ integrations, principal }, { code, state }) => {
    const attempt = await integrations.connecting.complete(new URLSearchParams({ code, state }), { principal })
    if (attempt.problem)
      throw hubError(attempt.problem.code as 'oauth_failed', {
        detail: attempt.problem.detail,
        ...(attempt.problem.hint ? { hint: attempt.problem.hint } : {}),
      })
    return {
      success: attempt.status === 'connected',
      integrationId: attempt.integrationId,
      attemptId: attempt.id,
      account: attempt.account,
      status: attempt.status,
    }
  },
})
