import { randomBytes, randomInt } from 'node:crypto'
import type { Database } from '#db'
import { hubError } from '#errors'
import { newId } from '#lib/ids'
import type { Audit } from './audit.ts'
import {
  decideDeviceLogin,
  dropDeviceLogins,
  endPersonalToken,
  findWaiting,
  insertDeviceLogin,
  lockDeviceLogin,
  makeRoom,
  noteDeviceLogin,
  type DeviceLogin,
} from './device-store.ts'
import { scopesIn } from './roles.ts'
import { hashToken, makeToken, tokenPrefix } from './secrets.ts'
import { findPeopleIn, insertToken } from './store.ts'
import { createThrottle } from './throttle.ts'

const validMs = 10 * 60_000
export const deviceIntervalSeconds = 3
const tokenMs = 90 * 24 * 3_600_000
const dayMs = 24 * 3_600_000
/** Consonants that are not mistaken for one another: eight of 20 are 34 bits, of which a person can try ten a minute. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ' // cspell:disable-line
const mostWaiting = 1000
const perMinute = 10
/** Polls that come too early or name no login, and ends of what is no token, per address and minute. More of them are refused, and nothing else. */
const misses = 40

/** What a machine that asks again is told. */
export type DeviceAnswer =
  | { readonly kind: 'pending' | 'slow_down' | 'refused' | 'expired' | 'unknown' }
  | { readonly kind: 'token'; readonly token: string; readonly scopes: readonly string[]; readonly expiresAt: Date }

export interface NewDeviceLogin {
  readonly deviceCode: string
  /** What the person compares: two groups of four letters. */
  readonly userCode: string
  readonly expiresInSeconds: number
}

/** Who decides on a login, and where its token shall act. */
export interface DeviceDecision {
  readonly code: string
  readonly userId: string
  /** Undefined refuses. */
  readonly workspaceId: string | undefined
  readonly address: string
}

/** Command lines that get a token of a person who lets them in with a browser (RFC 8628). */
export interface DeviceLogins {
  begin(machine: string, address: string): Promise<NewDeviceLogin>
  /** The login that waits under this code. Throws `link_invalid` if there is none; an address that guesses is slowed down. */
  look(code: string, address: string): Promise<Pick<DeviceLogin, 'name' | 'address' | 'createdAt'>>
  decide(decision: DeviceDecision): Promise<void>
  /** Gives the token once. */
  poll(deviceCode: string, address: string): Promise<DeviceAnswer>
  /** Ends a token of a person, by its value. */
  end(token: string, address: string): Promise<boolean>
  drop(max: number): Promise<number>
}

export interface DeviceLoginsDeps {
  readonly db: Database
  readonly audit: Audit
  readonly onRevoked: (id: string) => void
}

export function createDeviceLogins({ db, audit, onRevoked }: DeviceLoginsDeps): DeviceLogins {
  const guesses = createThrottle(perMinute)
  const beginnings = createThrottle(perMinute)
  const missed = createThrottle(misses)

  const look: DeviceLogins['look'] = async (code, address) => {
    await guesses.check(address)
    const found = await findWaiting(db.sql, hashOfCode(code))
    if (found) return found
    await guesses.failed(address)
    throw codeInvalid()
  }

  const poll = (deviceCode: string): Promise<DeviceAnswer> =>
    db.transaction(async (trx): Promise<DeviceAnswer> => {
      const login = await lockDeviceLogin(trx, hashToken(deviceCode))
      if (!login || login.status === 'used') return { kind: 'unknown' }
      if (login.expiresAt.getTime() <= Date.now()) return { kind: 'expired' }
      if (login.status === 'refused') return { kind: 'refused' }
      if (login.status === 'waiting') {
        const isEarly = login.polledAt !== null && Date.now() - login.polledAt.getTime() < (deviceIntervalSeconds - 1) * 1000
        await noteDeviceLogin(trx, login.id, { polledAt: new Date() })
        return { kind: isEarly ? 'slow_down' : 'pending' }
      }
      await noteDeviceLogin(trx, login.id, { status: 'used' })
      const { userId, workspaceId } = login as { userId: string; workspaceId: string }
      const [person] = await findPeopleIn(trx, workspaceId, [userId])
      const scopes = person && scopesIn(person.role, person.hubAdmin)
      if (!scopes) return { kind: 'refused' }
      const token = makeToken()
      const expiresAt = new Date(Date.now() + tokenMs)
      const row = await insertToken(trx, {
        id: newId('tok'),
        workspaceId,
        userId,
        name: `hub login on ${login.name}`,
        prefix: tokenPrefix(token),
        hash: hashToken(token),
        scopes,
        readOnly: false,
        expiresAt,
        createdBy: `user:${userId}`,
      })
      await audit.record(trx, {
        workspaceId,
        actor: `user:${userId}`,
        action: 'token.created',
        subject: row.id,
        detail: { name: row.name, scopes, read_only: false, expires_at: expiresAt.toISOString() },
      })
      return { kind: 'token', token, scopes, expiresAt }
    })

  const end = (token: string) =>
    db.transaction(async (trx) => {
      const row = await endPersonalToken(trx, hashToken(token))
      if (!row) return undefined
      const { workspaceId, userId, id: subject, name } = row
      await audit.record(trx, { workspaceId, actor: `user:${userId}`, action: 'token.revoked', subject, detail: { name } })
      return row
    })

  return {
    async begin(machine, address) {
      await beginnings.count(address)
      await makeRoom(db.sql, mostWaiting)
      const deviceCode = `ihd_${randomBytes(32).toString('base64url')}`
      const userCode = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')
      await insertDeviceLogin(db.sql, {
        id: newId('dev'),
        deviceHash: hashToken(deviceCode),
        codeHash: hashOfCode(userCode),
        name: machine,
        address,
        expiresAt: new Date(Date.now() + validMs),
      })
      return { deviceCode, userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`, expiresInSeconds: validMs / 1000 }
    },

    look,

    async decide({ code, userId, workspaceId, address }) {
      await look(code, address)
      const decision =
        workspaceId === undefined
          ? ({ userId, workspaceId: null, status: 'refused' } as const)
          : ({ userId, workspaceId, status: 'allowed' } as const)
      if (!(await decideDeviceLogin(db.sql, hashOfCode(code), decision))) throw codeInvalid()
    },

    async poll(deviceCode, address) {
      const answer = /^ihd_[\w-]{43}$/.test(deviceCode) ? await missed.read(address, () => poll(deviceCode)) : { kind: 'unknown' as const }
      if (answer.kind === 'unknown' || answer.kind === 'slow_down') await missed.failed(address)
      return answer
    },

    async end(token, address) {
      const ended = await missed.read(address, () => end(token))
      if (!ended) await missed.failed(address)
      else onRevoked(ended.id)
      return ended !== undefined
    },

    drop: (max) => dropDeviceLogins(db.sql, new Date(Date.now() - dayMs), max),
  }
}

/** However somebody types it. */
function hashOfCode(code: string): Buffer {
  return hashToken(code.toUpperCase().replaceAll(/[^A-Z]/g, ''))
}

function codeInvalid() {
  return hubError('link_invalid', {
    detail: 'this code is not valid: it is mistyped, was used, or has expired',
    hint: 'run `hub login` again for a new one',
  })
}
