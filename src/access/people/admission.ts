import type { Database } from '#db'
import type { Audit } from '../audit.ts'
import type { Role } from '../roles.ts'
import { findWorkspace } from '../store.ts'
import type { SignInRules } from './better-auth.ts'
import type { Invitations } from './invitations.ts'
import { addMember, findPerson, insertSsoPerson, ssoAddressOf } from './store.ts'

export interface AdmissionDeps {
  readonly db: Database
  readonly audit: Audit
  readonly invitations: Invitations
}

/**
 * Who may come in by single sign-on: who was invited under the address that the provider verified, and everybody whom the provider knows
 * if `role` says what they become.
 */
export function createAdmission({ db, audit, invitations }: AdmissionDeps, role: Role | undefined): SignInRules {
  return {
    async refuse({ email }) {
      return role === undefined && (await invitations.openFor(db.sql, email)).length === 0 ? 'invitation_needed' : undefined
    },
    admit: async (userId) => {
      if (await findPerson(db.sql, userId)) return true
      return db.transaction(async (trx) => {
        const email = await ssoAddressOf(trx, userId)
        const invited = email === undefined ? [] : await invitations.openFor(trx, email)
        if (email === undefined || (invited.length === 0 && role === undefined)) return false
        // Unless another sign-in of the same person is faster.
        if (!(await insertSsoPerson(trx, userId))) return true
        for (const invitation of invited) await invitations.admit(trx, invitation, userId)
        if (invited.length > 0 || role === undefined) return true
        const workspace = (await findWorkspace(trx, { name: 'default' }))!
        const actor = 'system:single-sign-on'
        await addMember(trx, { workspaceId: workspace.id, userId, role, createdBy: actor })
        await audit.record(trx, { workspaceId: workspace.id, actor, action: 'member.joined', subject: userId, detail: { role } })
        return true
      })
    },
  }
}
