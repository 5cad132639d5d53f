import { z } from 'zod'
import { scopes, type TokenRow } from '#access'
import { decodeCursor, iso, line, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'
import type { RestApp, RestDeps } from './server.ts'

const tokenShape = z.object({
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

const newToken = z.strictObject({
  name: line(100).describe('What the token is for.'),
  scopes: z
    .array(z.string())
    .min(1)
    .max(50)
    .describe(`Any of ${Object.keys(scopes).join(', ')}, or tools:call:NAME.`),
  read_only: z.boolean().default(false).describe('Refuse everything that changes something, whatever the scopes.'),
  expires_at: timestamp.optional().describe('When it stops working; never by default.'),
})

const params = z.object({ id: z.string().regex(/^tok_[0-9a-f-]{1,36}$/, 'must be the id of a token: tok_…') })

export function tokenRoutes(app: RestApp, { access }: RestDeps): void {
  const tags = ['Access']

  app.get('/api/v1/tokens', {
    config: { access: 'tokens:read' },
    schema: { tags, summary: 'List tokens', querystring: pageQuery, response: { 200: pageOf(tokenShape) } },
    handler: async ({ principal, query }) => {
      const rows = await access.tokens.list(principal, { after: decodeCursor(query.cursor, /^tok_[0-9a-f-]{36}$/), limit: query.limit + 1 })
      return toPage(rows, query.limit, renderToken, (row) => row.id)
    },
  })
  app.post('/api/v1/tokens', {
    config: { access: 'tokens:write' },
    schema: {
      tags,
      summary: 'Make a token',
      description: 'The value is in this answer and nowhere else.',
      body: newToken,
      response: { 201: tokenShape.extend({ token: z.string() }) },
    },
    handler: async ({ principal, body }, reply) => {
      const { token, value } = await access.tokens.create(principal, {
        name: body.name,
        scopes: body.scopes,
        readOnly: body.read_only,
        expiresAt: body.expires_at === undefined ? undefined : new Date(body.expires_at),
      })
      return reply.code(201).send({ ...renderToken(token), token: value })
    },
  })
  app.delete('/api/v1/tokens/:id', {
    config: { access: 'tokens:write' },
    schema: { tags, summary: 'Revoke a token', params, response: { 200: tokenShape } },
    handler: async ({ principal, params }) => renderToken(await access.tokens.revoke(principal, params.id)),
  })
}

export function renderToken(token: TokenRow) {
  return {
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    scopes: [...token.scopes],
    read_only: token.readOnly,
    expires_at: iso(token.expiresAt),
    last_used_at: iso(token.lastUsedAt),
    revoked_at: iso(token.revokedAt),
    created_at: token.createdAt.toISOString(),
  }
}
