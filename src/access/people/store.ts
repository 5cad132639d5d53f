import { createHash } from 'node:crypto'
import { sql as raw } from 'kysely'
import type { Row, Sql } from '#db'
import { newId } from '#lib/ids'
import type { Membership, Role } from '../roles.ts'

/** A person as a sign-in session knows them. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly hubAdmin: boolean
  readonly memberships: readonly Membership[]
}

export interface SignInSession extends Person {
  readonly sessionId: string
  readonly expiresAt: Date
}

const memberships = raw<Membership[]>`coalesce((
  select json_agg(json_build_object('workspaceId', m.workspace_id, 'workspace', w.name, 'role', m.role) order by m.created_at, w.number)
    from hub.members m join hub.workspaces w on w.id = m.workspace_id where m.user_id = p.id), '[]')`

export async function findSession(sql: Sql, token: string): Promise<SignInSession | undefined> {
  const { rows } = await raw<SignInSession>`
    select s.id as "sessionId", s."expiresAt", p.id, u.name, u.email, p.hub_admin as "hubAdmin", ${memberships} as memberships
      from auth.session s join auth."user" u on u.id = s."userId" join hub.people p on p.id = u.id
     where s.token = ${token} and s."expiresAt" > now()`.execute(sql)
  return rows[0]
}

export async function findPerson(sql: Sql, id: string): Promise<Person | undefined> {
  const { rows } = await raw<Person>`
    select p.id, u.name, u.email, p.hub_admin as "hubAdmin", ${memberships} as memberships
      from hub.people p join auth."user" u on u.id = p.id where p.id = ${id}`.execute(sql)
  return rows[0]
}

export async function hasPeople(sql: Sql): Promise<boolean> {
  return (await sql.selectFrom('people').select('id').limit(1).executeTakeFirst()) !== undefined
}

export interface NewPerson {
  readonly name: string
  readonly email: string
  readonly passwordHash: string
}

/** Stores an account that signs in with a password. Undefined when the address has an account. */
export async function insertPerson(sql: Sql, { name, email, passwordHash }: NewPerson): Promise<string | undefined> {
  const id = newId('usr')
  const { rows } = await raw<{ id: string }>`
    insert into auth."user" (id, name, email, "emailVerified") values (${id}, ${name}, ${email.toLowerCase()}, false)
    on conflict (email) do nothing returning id`.execute(sql)
  if (rows.length === 0) return undefined
  await raw`
    insert into auth.account (id, "accountId", "providerId", "userId", password, "updatedAt")
    values (${newId('ath')}, ${id}, 'credential', ${id}, ${passwordHash}, now())`.execute(sql)
  await sql.insertInto('people').values({ id }).execute()
  return id
}

export async function addMember(sql: Sql, member: Omit<Row<'members'>, 'createdAt'>): Promise<void> {
  await sql
    .insertInto('members')
    .values(member)
    .onConflict((conflict) => conflict.columns(['workspaceId', 'userId']).doNothing())
    .execute()
}

export async function makeHubAdmin(sql: Sql, id: string): Promise<void> {
  await sql.updateTable('people').set({ hubAdmin: true }).where('id', '=', id).execute()
}

export interface Member {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly hubAdmin: boolean
  readonly twoFactor: boolean
  readonly createdAt: Date
}

const memberQuery = (workspaceId: string) => raw`
  select m.user_id as "userId", u.name, u.email, m.role, p.hub_admin as "hubAdmin", coalesce(u."twoFactorEnabled", false) as "twoFactor",
         m.created_at as "createdAt"
    from hub.members m join hub.people p on p.id = m.user_id join auth."user" u on u.id = p.id
   where m.workspace_id = ${workspaceId}`

export async function listMembers(sql: Sql, workspaceId: string): Promise<Member[]> {
  return (await raw<Member>`${memberQuery(workspaceId)} order by m.created_at, m.user_id`.execute(sql)).rows
}

export async function findMember(sql: Sql, workspaceId: string, userId: string): Promise<Member | undefined> {
  return (await raw<Member>`${memberQuery(workspaceId)} and m.user_id = ${userId}`.execute(sql)).rows[0]
}

export async function changeMember(
  sql: Sql,
  { workspaceId, userId, role }: Pick<Row<'members'>, 'workspaceId' | 'userId' | 'role'>,
): Promise<void> {
  await sql.updateTable('members').set({ role }).where('workspaceId', '=', workspaceId).where('userId', '=', userId).execute()
}

export async function removeMember(sql: Sql, workspaceId: string, userId: string): Promise<void> {
  await sql.deleteFrom('members').where('workspaceId', '=', workspaceId).where('userId', '=', userId).execute()
}

export async function changePerson(sql: Sql, id: string, change: { readonly hubAdmin: boolean }): Promise<void> {
  await sql.updateTable('people').set(change).where('id', '=', id).execute()
}

export async function countOwners(sql: Sql, workspaceId: string): Promise<number> {
  const owners = sql.selectFrom('members').select((e) => e.fn.countAll<number>().as('count'))
  return (await owners.where('workspaceId', '=', workspaceId).where('role', '=', 'owner').executeTakeFirstOrThrow()).count
}

export interface SessionRow {
  readonly id: string
  readonly userId: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly address: string | null
  readonly userAgent: string | null
}

/** Sign-in sessions without their tokens. */
export async function listSessions(sql: Sql, userId: string): Promise<SessionRow[]> {
  const { rows } = await raw<SessionRow>`
    select id, "userId", "createdAt", "expiresAt", "ipAddress" as address, "userAgent"
      from auth.session where "userId" = ${userId} and "expiresAt" > now() order by "createdAt" desc, id`.execute(sql)
  return rows
}

/** Returns how many sessions there were. */
export async function endSessions(sql: Sql, which: { readonly userId: string; readonly id?: string }): Promise<number> {
  const one = which.id === undefined ? raw`` : raw`and id = ${which.id}`
  const ended = await raw`delete from auth.session where "userId" = ${which.userId} ${one}`.execute(sql)
  return Number(ended.numAffectedRows ?? 0)
}

/** The address that single sign-on verified when it made the account. */
export async function ssoAddressOf(sql: Sql, userId: string): Promise<string | undefined> {
  const { rows } = await raw<{ email: string }>`
    select u.email from auth."user" u
     where u.id = ${userId} and u."emailVerified" and exists (select from auth.account a where a."userId" = u.id and a."providerId" = 'sso')`.execute(
    sql,
  )
  return rows[0]?.email
}

/** False when there is one already. */
export async function insertSsoPerson(sql: Sql, id: string): Promise<boolean> {
  const insert = sql.insertInto('people').values({ id })
  const { numInsertedOrUpdatedRows } = await insert.onConflict((conflict) => conflict.column('id').doNothing()).executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export interface Means {
  readonly password: boolean
  readonly twoFactor: boolean
  /** Whether single sign-on leads to this account. */
  readonly singleSignOn: boolean
  readonly passkeys: readonly { readonly id: string; readonly name: string | null; readonly createdAt: Date }[]
}

export async function findMeans(sql: Sql, userId: string): Promise<Means> {
  const { rows } = await raw<Omit<Means, 'passkeys'>>`
    select exists (select from auth.account a where a."userId" = u.id and a."providerId" = 'credential') as password,
           exists (select from auth.account a where a."userId" = u.id and a."providerId" = 'sso') as "singleSignOn",
           coalesce(u."twoFactorEnabled", false) as "twoFactor"
      from auth."user" u where u.id = ${userId}`.execute(sql)
  const passkeys = await raw<Means['passkeys'][number]>`
    select id, name, coalesce("createdAt", now()) as "createdAt" from auth.passkey where "userId" = ${userId} order by "createdAt"`.execute(
    sql,
  )
  return { password: false, twoFactor: false, singleSignOn: false, ...rows[0], passkeys: passkeys.rows }
}

/** From where an account has sign-in sessions. */
export async function addressesOf(sql: Sql, email: string): Promise<string[]> {
  const { rows } = await raw<{ address: string }>`
    select distinct s."ipAddress" as address from auth.session s join auth."user" u on u.id = s."userId"
     where u.email = ${email} and s."ipAddress" is not null and s."expiresAt" > now()`.execute(sql)
  return rows.map(({ address }) => address)
}

/** Who has given the right password and is asked for the second factor. The library stores a hash of what the cookie says. */
export async function findChallenged(sql: Sql, challenge: string): Promise<string | undefined> {
  const identifier = createHash('sha256').update(challenge).digest('base64url')
  const { rows } = await raw<{ id: string }>`
    select value as id from auth.verification where identifier = ${identifier} and "expiresAt" > now()`.execute(sql)
  return rows[0]?.id
}

const expiring = ['session', 'verification'] as const

/** Deletes what expired a day ago, which the library leaves behind. Returns how much that was. */
export async function dropExpired(sql: Sql, max: number): Promise<number> {
  let count = 0
  for (const table of expiring) {
    const name = raw.table(`auth.${table}`)
    const dropped = await raw`
      delete from ${name} where id in (select id from ${name} where "expiresAt" < now() - interval '1 day' limit ${max})`.execute(sql)
    count += Number(dropped.numAffectedRows ?? 0)
  }
  return count
}
