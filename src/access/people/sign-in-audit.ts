import { isIP } from 'node:net'
import type { Database, Transaction } from '#db'
import { isRecord } from '#lib/is-record'
import type { Audit, AuditEntry } from '../audit.ts'
import { findWorkspace } from '../store.ts'
import { cookiesOf, type AuthAnswer, type AuthRequest } from './auth-routes.ts'
import { sessionCookie, signedCookie, tokenIn } from './cookies.ts'
import type { SignInSessions } from './sessions.ts'
import { findChallenged, findMeans, findPerson, type Person, type SignInSession } from './store.ts'

/** Answers a request to `/auth/*`. */
type Handle = (request: AuthRequest) => Promise<AuthAnswer>

export interface SignInAuditDeps {
  readonly db: Database
  readonly audit: Audit
  readonly sessions: SignInSessions
  readonly secret: () => Promise<string>
}

const ways: Readonly<Record<string, string>> = {
  'POST /sign-in/email': 'password',
  'POST /two-factor/verify-totp': 'code',
  'POST /two-factor/verify-backup-code': 'backup code',
  'POST /passkey/verify-authentication': 'passkey',
  'GET /callback/sso': 'single sign-on',
}

const changes: Readonly<Record<string, string>> = {
  'POST /change-password': 'password.changed',
  'POST /two-factor/disable': 'two_factor.disabled',
  'POST /two-factor/generate-backup-codes': 'two_factor.codes_made',
  'POST /passkey/verify-registration': 'passkey.added',
  'POST /passkey/delete-passkey': 'passkey.removed',
  'POST /unlink-account': 'single_sign_on.unlinked',
}

interface Happened {
  readonly person: Person
  readonly action: string
  readonly subject: string
  readonly detail?: Record<string, unknown>
}

/**
 * Writes audit entries for what better-auth did, in each workspace of the person. They come after the change, in a transaction of their own,
 * because the library commits by itself; when they cannot be written, the request fails and its cookie is not sent.
 */
export function withSignInAudit({ db, audit, sessions, secret }: SignInAuditDeps, handle: Handle): Handle {
  /** Whose second factor a request without a session tried: the password was right before. */
  const challenged = async (cookies: string | undefined): Promise<Person | undefined> => {
    const cookie = signedCookie(cookies, 'hub.two_factor')
    const challenge = cookie === undefined ? undefined : tokenIn(cookie, await secret())
    const id = challenge === undefined ? undefined : await findChallenged(db.sql, challenge)
    return id === undefined ? undefined : findPerson(db.sql, id)
  }

  const whatHappened = async (request: AuthRequest, answer: AuthAnswer, before: Before): Promise<Happened | undefined> => {
    const name = nameOf(request)
    const isSecondFactor = name.startsWith('POST /two-factor/verify-')
    const person = before.session
    if (answer.status >= 400) {
      if (!isSecondFactor || !/"INVALID_(BACKUP_)?CODE"/.test(answer.body)) return undefined
      const tried = person ?? (await challenged(cookiesOf(request)))
      return tried && { person: tried, action: 'two_factor.failed', subject: tried.id, detail: { way: ways[name] } }
    }
    if (person && isSecondFactor) {
      const turnedOn = !before.twoFactor && (await findMeans(db.sql, person.id)).twoFactor
      return turnedOn ? { person, action: 'two_factor.enabled', subject: person.id } : undefined
    }
    if (person && name === 'POST /sign-out') return { person, action: 'session.ended', subject: person.sessionId }
    const change = changes[name]
    if (person && change !== undefined) return { person, action: change, subject: person.id, ...passkeyIn(name, request, answer) }
    if (ways[name] === undefined) return undefined
    const cookie = answer.headers.getSetCookie().find((text) => sessionCookie(text))
    const started = await sessions.find(cookie?.split(';', 1)[0])
    if (started) return { person: started, action: 'session.started', subject: started.sessionId, detail: { way: ways[name] } }
    const isLink = name === 'GET /callback/sso' && !/[?&]error=/.test(answer.headers.get('location') ?? '?error=')
    return person && isLink ? { person, action: 'single_sign_on.linked', subject: person.id } : undefined
  }

  return async (request) => {
    const session = await sessions.find(cookiesOf(request))
    const before = { session, twoFactor: session !== undefined && (await findMeans(db.sql, session.id)).twoFactor }
    const answer = await handle(request)
    const happened = await whatHappened(request, answer, before)
    if (happened) {
      const { person, action, subject, detail = {} } = happened
      const entry = { actor: `user:${person.id}`, action, subject, detail: { ...detail, address: withoutPort(request.address) } }
      const own = workspacesOf(person)
      // An administrator of the hub who is a member nowhere can enter every workspace.
      const workspaceIds = own.length > 0 || !person.hubAdmin ? own : [(await findWorkspace(db.sql, { name: 'default' }))!.id]
      await db.transaction((trx) => recordEverywhere(trx, audit, { workspaceIds, entry }))
    }
    return answer
  }
}

interface Before {
  readonly session: SignInSession | undefined
  readonly twoFactor: boolean
}

export function workspacesOf({ memberships }: Person): string[] {
  return memberships.map(({ workspaceId }) => workspaceId)
}

/** In the order of the ids: two transactions that lock several chains do not wait for each other. */
export async function recordEverywhere(
  trx: Transaction,
  audit: Audit,
  { workspaceIds, entry }: { readonly workspaceIds: readonly string[]; readonly entry: Omit<AuditEntry, 'workspaceId'> },
): Promise<void> {
  for (const workspaceId of [...new Set(workspaceIds)].toSorted()) await audit.record(trx, { workspaceId, ...entry })
}

function nameOf({ method, url }: AuthRequest): string {
  return `${method} ${url.split('?', 1)[0]!.replace(/^\/auth/, '')}`
}

/** Which passkey was added or removed. Its name is left out, because a person chose it. */
function passkeyIn(name: string, { body }: AuthRequest, answer: AuthAnswer): { readonly detail?: { readonly passkey: string } } {
  if (!name.startsWith('POST /passkey/')) return {}
  const json = JSON.parse(name.endsWith('/delete-passkey') ? String(body) : answer.body) as unknown
  return isRecord(json) && typeof json['id'] === 'string' ? { detail: { passkey: json['id'] } } : {}
}

function withoutPort(address: string): string {
  if (isIP(address)) return address
  const [, host = ''] = /^\[?([\d.]+|[\da-f:.]+)\]?(?::\d+)?$/i.exec(address) ?? []
  return isIP(host) ? host : 'unknown'
}
