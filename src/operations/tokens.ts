import { z } from 'zod'
import { scopes, type TokenRow } from '#access'
import { operation, view } from './operation.ts'
import { dateOf, idKeys, iso, line, pageInput, pageOf, readPage, timestamp } from './shared.ts'

const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(z.string()),
  read_only: z.boolean(),
  expires_at: timestamp.nullable(),
  last_used_at: timestamp.nullable(),
  revoked_at: timestamp.nullable(),
  created_at: timestamp,
})

const renderToken = (token: TokenRow) => ({
  id: token.id,
  name: token.name,
  prefix: token.prefix,
  scopes: [...token.scopes],
  read_only: token.readOnly,
  expires_at: iso(token.expiresAt),
  last_used_at: iso(token.lastUsedAt),
  revoked_at: iso(token.revokedAt),
  created_at: token.createdAt.toISOString(),
})

const tokenView = view(tokenSchema, renderToken)

export const listTokens = operation({
  name: 'tokens.list',
  scope: 'tokens:read',
  effect: 'read',
  summary: 'List tokens, newest first; never their values',
  input: z.strictObject(pageInput),
  output: pageOf(tokenView),
  http: { method: 'GET', path: '/api/v1/tokens' },
  example: { limit: 20 },
  run: ({ access, principal }, input) =>
    readPage(input, idKeys('tok'), ({ before, limit }) => access.tokens.list(principal, { after: before, limit })),
})

export const createToken = operation({
  name: 'tokens.create',
  scope: 'tokens:write',
  effect: 'write',
  summary: 'Create a token',
  description: 'Only this answer shows the value of the token.',
  input: z.strictObject({
    name: line(100).describe('What the token is for.'),
    scopes: z
      .array(z.string())
      .min(1)
      .max(50)
      .describe(`Any of ${Object.keys(scopes).join(', ')}, or tools:call:NAME.`),
    read_only: z.boolean().default(false).describe('Refuse everything that changes something, whatever the scopes.'),
    expires_at: timestamp.optional().describe('When it stops working; never by default.'),
  }),
  output: view(tokenSchema.extend({ token: z.string() }), ({ token, value }: { token: TokenRow; value: string }) => ({
    ...renderToken(token),
    token: value,
  })),
  http: { method: 'POST', path: '/api/v1/tokens', status: 201 },
  example: { name: 'ci', scopes: ['tools:call:github'], expires_at: '2027-01-31T00:00:00Z' },
  run: ({ access, principal }, { name, scopes: granted, read_only: readOnly, expires_at: expiresAt }) =>
    access.tokens.create(principal, { name, scopes: granted, readOnly, expiresAt: dateOf(expiresAt) }),
})

export const revokeToken = operation({
  name: 'tokens.revoke',
  scope: 'tokens:write',
  effect: 'destroy',
  summary: 'Revoke a token: within a second it works nowhere',
  input: z.strictObject({ id: z.string().regex(/^tok_[0-9a-f-]{1,36}$/, 'must be the id of a token: tok_…') }),
  output: tokenView,
  http: { method: 'DELETE', path: '/api/v1/tokens/:id' },
  example: { id: 'tok_0197f3d2-0000-7000-8000-000000000000' },
  run: ({ access, principal }, { id }) => access.tokens.revoke(principal, id),
})
