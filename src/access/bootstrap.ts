import type { Transaction } from '#db'
import { newId } from '#lib/ids'
import type { Audit } from './audit.ts'
import { hashToken, makeToken, tokenPrefix } from './secrets.ts'
import {
  countTokens,
  findTokenByHash,
  findWorkspace,
  insertToken,
  insertWorkspace,
  lockWorkspace,
  remakeToken,
  revokeMadeBy,
  type TokenRow,
  type Workspace,
} from './store.ts'

const actor = 'system:start'
const scopes = ['admin', 'hub:admin']
const preset = { name: 'HUB_ADMIN_TOKEN', createdBy: actor }

/** Where the start of the hub creates its tokens, and in which transaction. */
export interface Bootstrap {
  readonly trx: Transaction
  readonly audit: Audit
  readonly workspaceId: string
}

/** Creates workspace `default` if it is missing. Its lock makes processes that start at the same time continue one after the other. */
export async function ensureWorkspace(trx: Transaction, audit: Audit): Promise<Workspace> {
  const made = await insertWorkspace(trx, { id: newId('ws'), name: 'default' })
  const workspace = made ?? (await findWorkspace(trx, { name: 'default' }))!
  await lockWorkspace(trx, workspace.id)
  if (made) {
    await audit.record(trx, { workspaceId: made.id, actor, action: 'workspace.created', subject: made.id, detail: { name: 'default' } })
  }
  return workspace
}

/** Creates the first administrator's token in a hub without tokens. `keep` stores its value before the token becomes valid. */
export async function ensureAdminToken(bootstrap: Bootstrap, keep: (value: string) => void | Promise<void>): Promise<void> {
  if ((await countTokens(bootstrap.trx)) > 0) return
  const value = makeToken()
  await addToken(bootstrap, { name: 'first administrator', prefix: tokenPrefix(value), hash: hashToken(value) })
  await keep(value)
}

/** Makes exactly the token of HUB_ADMIN_TOKEN valid: an earlier value is revoked, and this value works even if it was revoked before. */
export async function ensurePresetToken(bootstrap: Bootstrap, value: string): Promise<void> {
  const { trx, audit, workspaceId } = bootstrap
  const hash = hashToken(value)
  for (const { id, name, workspaceId } of await revokeMadeBy(trx, preset, hash)) {
    await audit.record(trx, { workspaceId, actor, action: 'token.revoked', subject: id, detail: { name } })
  }
  const wanted = { name: preset.name, prefix: '(preset)', hash }
  const there = await findTokenByHash(trx, hash)
  if (!there) return addToken(bootstrap, wanted)
  if (isPreset(there, workspaceId)) return
  await remakeToken(trx, there.id, { ...wanted, workspaceId, scopes, readOnly: false, expiresAt: null, createdBy: actor, userId: null })
  await audit.record(trx, { workspaceId, actor, action: 'token.restored', subject: there.id, detail: { name: preset.name, scopes } })
}

function isPreset(token: TokenRow, workspaceId: string): boolean {
  const whole = scopes.every((scope) => token.scopes.includes(scope)) && !token.readOnly
  return (
    whole &&
    !token.revokedAt &&
    !token.expiresAt &&
    token.createdBy === actor &&
    token.userId === null &&
    token.name === preset.name &&
    token.workspaceId === workspaceId
  )
}

async function addToken({ trx, audit, workspaceId }: Bootstrap, token: { name: string; prefix: string; hash: Buffer }): Promise<void> {
  const id = newId('tok')
  await insertToken(trx, { ...token, workspaceId, id, scopes, readOnly: false, expiresAt: null, createdBy: actor, userId: null })
  await audit.record(trx, { workspaceId, actor, action: 'token.created', subject: id, detail: { name: token.name, scopes } })
}
