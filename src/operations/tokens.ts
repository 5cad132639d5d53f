import { z } from 'zod'
import { allows, scopes, type TokenRow } from '#access'
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
  user_id: z.string().nullable().describe('The person to whom it belongs and with whose membership it ends; null for a service.'),
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
  user_id: token.userId,
})

const tokenView = view(tokenSchema, renderToken)

export const listTokens = operation({
  name: 'tokens.list',
  scope: 'tokens:read',
  effect: 'read',
  summary: 'List tokens, newest first; never their values',
  description: 'With tokens:own, only the own tokens of the person.',
  own: { scope: 'tokens:own', isOwn: async ({ principal }) => principal.userId !== undefined },
  input: z.strictObject(pageInput),
  output: pageOf(tokenView),
  http: { method: 'GET', path: '/api/v1/tokens' },
  example: { limit: 20 },
  run: ({ access, principal }, input) =>
    readPage(input, idKeys('tok'), ({ before, limit }) => {
      const userId = allows(principal, 'tokens:read') ? undefined : principal.userId
      return access.tokens.list(principal, { after: before, limit, userId })
    }),
})

export const createToken = operation({
  name: 'tokens.create',
  scope: 'tokens:write',
  effect: 'write',
  summary: 'Create a token',
  description:
    'Only this answer shows the value of the token. A token that a person makes belongs to that person: it may do what the role of the person covers, and ends with the membership. With tokens:own, a person makes own tokens.',
  own: { scope: 'tokens:own', isOwn: async ({ principal }, { service }) => principal.userId !== undefined && !service },
  input: z.strictObject({
    name: line(100).describe('What the token is for.'),
    scopes: z
      .array(z.string())
      .min(1)
      .max(50)
      .describe(`Any of ${Object.keys(scopes).join(', ')}, or tools:call:NAME.`),
    read_only: z.boolean().default(false).describe('Refuse everything that changes something, whatever the scopes.'),
    expires_at: timestamp.optional().describe('When it stops working; never by default.'),
    service: z.boolean().default(false).describe('It belongs to no person, and lasts when whoever made it leaves. Needs tokens:write.'),
  }),
  output: view(tokenSchema.extend({ token: z.string() }), ({ token, value }: { token: TokenRow; value: string }) => ({
    ...renderToken(token),
    token: value,
  })),
  http: { method: 'POST', path: '/api/v1/tokens', status: 201 },
  example: { name: 'ci', scopes: ['tools:call:github'], expires_at: '2027-01-31T00:00:00Z' },
  run: ({ access, principal }, { name, scopes: granted, read_only: readOnly, expires_at: expiresAt, service }) =>
    access.tokens.create(principal, { name, scopes: granted, readOnly, expiresAt: dateOf(expiresAt), service }),
})

export const revokeToken = operation({
  name: 'tokens.revoke',
  scope: 'tokens:write',
  effect: 'destroy',
  summary: 'Revoke a token: within a second it works nowhere',
  own: { scope: 'tokens:own', isOwn: ({ access, principal }, { id }) => access.tokens.isOwn(principal, id) },
  input: z.strictObject({ id: z.string().regex(/^tok_[0-9a-f-]{1,36}$/, 'must be the id of a token: tok_…') }),
  output: tokenView,
  http: { method: 'DELETE', path: '/api/v1/tokens/:id' },
  example: { id: 'tok_0197f3d2-0000-7000-8000-000000000000' },
  run: ({ access, principal }, { id }) => access.tokens.revoke(principal, id),
})
