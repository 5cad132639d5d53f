import { z } from 'zod'
import { credentialField, credentialName, isReserved, reservedCredential, signInCredential, type CredentialInfo } from '#credentials'
import { operation, view } from './operation.ts'
import { allOf, deleted, line, pageOf, timestamp } from './shared.ts'

const credentialView = view(
  z.object({ name: z.string(), kind: z.string().nullable(), version: z.int(), created_at: timestamp, updated_at: timestamp }),
  ({ name, kind, version, createdAt, updatedAt }: CredentialInfo) => ({
    name,
    kind,
    version,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  }),
)

const fieldName = z.string().regex(credentialField, 'must be a field name: letters, digits and underscores')
const data = z
  .record(fieldName, z.union([z.string().max(65_536), z.number(), z.boolean()]))
  .refine((fields) => Object.keys(fields).length > 0, 'must have at least one field')
  .refine((fields) => Object.keys(fields).length <= 50, 'must have at most 50 fields')
  .describe('The secret values by field. No answer ever contains them.')

const name = z.string().regex(credentialName, 'must be letters, digits, dots, dashes and underscores').describe('Unique name.')

const fields = {
  name: name.refine((text) => !isReserved(text), reservedCredential),
  kind: line(50).optional().describe('What it is for, e.g. github.'),
  data,
}

const example = { name: 'github-pat', kind: 'github', data: { personal_access_token: 'ghp_…' } }

export const listCredentials = operation({
  name: 'credentials.list',
  scope: 'credentials:read',
  effect: 'read',
  summary: 'List credentials: names, kinds and dates',
  input: z.strictObject({}),
  output: pageOf(credentialView),
  http: { method: 'GET', path: '/api/v1/credentials' },
  example: {},
  run: async ({ credentials, principal }) => allOf(await credentials.list(principal)),
})

export const createCredential = operation({
  name: 'credentials.create',
  scope: 'credentials:write',
  effect: 'write',
  summary: 'Store a new credential',
  input: z.strictObject(fields),
  output: credentialView,
  http: { method: 'POST', path: '/api/v1/credentials', status: 201 },
  example,
  run: async ({ credentials, integrations, principal }, input) => {
    await integrations.requireLongSecrets(principal.workspaceId, input)
    return credentials.create(principal, input)
  },
})

export const setCredential = operation({
  name: 'credentials.set',
  scope: 'credentials:write',
  effect: 'write',
  summary: 'Set a credential, whether it exists or not',
  input: z.strictObject(fields),
  output: credentialView,
  http: { method: 'PUT', path: '/api/v1/credentials/:name' },
  example,
  run: async ({ credentials, integrations, principal }, input) => {
    await integrations.requireLongSecrets(principal.workspaceId, input)
    return credentials.set(principal, input)
  },
})

export const deleteCredential = operation({
  name: 'credentials.delete',
  scope: 'credentials:write',
  effect: 'destroy',
  summary: 'Delete a credential',
  input: z.strictObject({
    name: name.refine((text) => text !== signInCredential, 'is needed to sign in: without it every second factor would be lost'),
  }),
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/credentials/:name', status: 204 },
  example: { name: 'github-pat' },
  run: async ({ credentials, principal }, { name }) => {
    await credentials.remove(principal, name)
    return null
  },
})
