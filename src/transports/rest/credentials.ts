import { z } from 'zod'
import { credentialField, credentialName, type CredentialInfo } from '#credentials'
import { line, pageOf, timestamp } from './shapes.ts'
import type { RestApp, RestDeps } from './server.ts'

const credentialShape = z.object({
  name: z.string(),
  kind: z.string().nullable(),
  version: z.int(),
  created_at: timestamp,
  updated_at: timestamp,
})

const fieldName = z.string().regex(credentialField, 'must be a field name: letters, digits and underscores')
const data = z
  .record(fieldName, z.union([z.string().max(65_536), z.number(), z.boolean()]))
  .refine((fields) => Object.keys(fields).length > 0, 'must have at least one field')
  .refine((fields) => Object.keys(fields).length <= 50, 'must have at most 50 fields')
  .describe('The secret values by field. They go in and never come out.')

const name = z.string().regex(credentialName, 'must be letters, digits, dots, dashes and underscores').describe('Unique name.')
const kind = line(50).optional().describe('What it is for, e.g. github.')

export function credentialRoutes(app: RestApp, { credentials }: RestDeps): void {
  const tags = ['Credentials']
  const params = z.object({ name })

  app.get('/api/v1/credentials', {
    config: { access: 'credentials:read' },
    schema: { tags, summary: 'List credentials: names, kinds and dates', response: { 200: pageOf(credentialShape) } },
    handler: async ({ principal }) => ({ items: (await credentials.list(principal)).map(renderCredential), next_cursor: null }),
  })
  app.post('/api/v1/credentials', {
    config: { access: 'credentials:write' },
    schema: { tags, summary: 'Store a credential', body: z.strictObject({ name, kind, data }), response: { 201: credentialShape } },
    handler: async ({ principal, body }, reply) =>
      reply.code(201).send(renderCredential(await credentials.create(principal, body.name, body.data, body.kind))),
  })
  app.put('/api/v1/credentials/:name', {
    config: { access: 'credentials:write' },
    schema: {
      tags,
      summary: 'Set a credential, new or anew',
      params,
      body: z.strictObject({ kind, data }),
      response: { 200: credentialShape },
    },
    handler: async ({ principal, params: { name }, body }) =>
      renderCredential(await credentials.set(principal, name, body.data, body.kind)),
  })
  app.delete('/api/v1/credentials/:name', {
    config: { access: 'credentials:write' },
    schema: { tags, summary: 'Delete a credential', params, response: { 204: z.null() } },
    handler: async ({ principal, params: { name } }, reply) => {
      await credentials.remove(principal, name)
      return reply.code(204).send(null)
    },
  })
}

export function renderCredential({ name, kind, version, createdAt, updatedAt }: CredentialInfo) {
  return { name, kind, version, created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString() }
}
