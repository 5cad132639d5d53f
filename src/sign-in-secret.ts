import { randomBytes } from 'node:crypto'
import type { Access, Principal } from '#access'
import { signInCredential, type Credentials } from '#credentials'
import { HubError, hubError } from '#errors'

/**
 * Returns what signs cookies and seals second factors: a random value that the credential store keeps sealed. It is not derived from the
 * keys of the hub, because whoever rotates those would sign everybody out and make every second factor useless.
 */
export function createSignInSecret(credentials: Pick<Credentials, 'read' | 'create'>, access: Access): () => Promise<string> {
  let known: Promise<string> | undefined

  const load = async (): Promise<string> => {
    const workspace = (await access.workspaces.find({ name: 'default' }))!
    const read = async () => (await credentials.read(workspace.id, signInCredential, { fresh: true }))?.['secret']
    const found = await read()
    if (typeof found === 'string') return found
    const data = { secret: randomBytes(32).toString('base64url') }
    await credentials.create(hubIn(workspace.id), { name: signInCredential, kind: 'hub', data }).catch((error: unknown) => {
      // Another process made it at the same time.
      if (!(error instanceof HubError && error.code === 'already_exists')) throw error
    })
    const made = await read()
    if (typeof made !== 'string') throw hubError('credential_missing', { detail: `the credential "${signInCredential}" has no secret` })
    return made
  }

  return () => {
    known ??= load().catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }
}

function hubIn(workspaceId: string): Principal {
  return { kind: 'system', id: 'sign-in', name: 'sign-in', workspaceId, scopes: ['admin'], readOnly: false, ancestors: [], causes: [] }
}
