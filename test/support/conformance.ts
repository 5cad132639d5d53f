import assert from 'node:assert/strict'
import { fitCredential, type Connector, type CredentialValues } from '#kit'
import type { RecordedRequest, Scripted } from '#kit/testing'

/** A credential of the connector's first method that needs one. */
export function sampleCredential(connector: Connector): CredentialValues {
  const method = connector.auth.find((candidate) => candidate.type !== 'github_app' && Object.keys(candidate.fields.shape).length > 0)
  if (!method) return {}
  const values = Object.fromEntries(Object.keys(method.fields.shape).map((name) => [name, `sample-${name}-0123456789abcdef`]))
  return fitCredential(method, values) ?? values
}

/** The config field of the connector's base URL, which has different names. */
export function configFor(connector: Connector, url: string): Record<string, unknown> {
  const option = ['base_url', 'api_url', 'site'].find((name) => name in connector.config.shape)
  assert.ok(option, `${connector.name} has no option for its address`)
  return { [option]: url }
}

export function isWrite(method: string | undefined): boolean {
  return method !== undefined && method !== 'GET' && method !== 'HEAD'
}

const channel = { id: 'C0000001', name: 'general' }
const user = { id: 'U0000001', name: 'ada', accountId: 'ada' }

/** What actions look up or prepare before they write: by the end of the path. */
const preparations: readonly (readonly [RegExp, (url: string) => unknown])[] = [
  [/\/conversations\.list$/, () => ({ ok: true, channels: [channel] })],
  [/\/users\.(info|lookupByEmail)$/, () => ({ ok: true, user })],
  [/\/conversations\.open$/, () => ({ ok: true, channel })],
  [/\/files\.getUploadURLExternal$/, (url) => ({ ok: true, upload_url: `${url}/upload/F1`, file_id: 'F1' })],
  [/\/upload\/F1$/, () => 'OK'],
  [/\/transitions$/, () => ({ transitions: [{ id: '1', name: 'Done' }] })],
  [/\/user\/search$/, () => [user]],
]

/** The answer to a request that only prepares a write; undefined if the request is the write itself. */
export function preparation({ method, path }: RecordedRequest, url: string): Scripted | undefined {
  const known = preparations.find(([pattern]) => pattern.test(path))
  // Jira has transitions of an issue under one path: GET lists them, POST makes one.
  if (known && !(isWrite(method) && path.endsWith('/transitions'))) return { body: known[1](url) }
  return isWrite(method) ? undefined : { body: {} }
}
