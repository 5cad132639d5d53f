import type { Database, Sql, Transaction } from '#db'
import type { HintKind, Telemetry } from '#telemetry'
import type { Clock } from '#lib/clock'
import { canonicalJson, sha256 } from '#lib/canonical'
import { appendAudit, auditedWorkspaces, auditHeads, countAuditBeyond, lockAuditHead, readAudit, type AuditRow } from './store.ts'

export interface AuditEntry {
  readonly workspaceId: string
  /** Who did it: `token:tok_…`, `operator:name`, `system:…`. */
  readonly actor: string
  /** What was done: `token.created`, `credential.set` … */
  readonly action: string
  readonly subject: string
  readonly detail?: Record<string, unknown>
}

export interface AuditBreak {
  readonly workspaceId: string
  readonly seq: number
  readonly reason: string
}

export interface AuditReport {
  readonly entries: number
  readonly heads: readonly { workspaceId: string; seq: number; hash: string }[]
  readonly breaks: readonly AuditBreak[]
}

export interface Audit {
  /** Writes the entry in the transaction of what it records. Call it last, because it locks the end of the chain until the commit. */
  record(trx: Transaction, entry: AuditEntry): Promise<void>
  list(workspaceId: string, page: { before?: number | undefined; limit: number }): Promise<AuditRow[]>
  /** Reads every chain from its start and checks each link. */
  verify(): Promise<AuditReport>
}

export type { AuditRow }

/** The kind of thing that an action changes, by the first word of the action, and whether the subject is its id. */
const changedBy: Readonly<Record<string, { readonly kind: HintKind; readonly isSubject: boolean }>> = {
  approval: { kind: 'approval', isSubject: true },
  approval_settings: { kind: 'policy', isSubject: false },
  connect_link: { kind: 'integration', isSubject: false },
  credential: { kind: 'credential', isSubject: true },
  deliveries: { kind: 'delivery', isSubject: false },
  delivery: { kind: 'delivery', isSubject: true },
  endpoint: { kind: 'endpoint', isSubject: true },
  events: { kind: 'event', isSubject: false },
  flow: { kind: 'flow', isSubject: true },
  grant: { kind: 'grant', isSubject: true },
  integration: { kind: 'integration', isSubject: true },
  invitation: { kind: 'invitation', isSubject: true },
  invocation: { kind: 'call', isSubject: true },
  keys: { kind: 'credential', isSubject: false },
  member: { kind: 'member', isSubject: true },
  policy: { kind: 'policy', isSubject: false },
  run: { kind: 'run', isSubject: true },
  session: { kind: 'session', isSubject: false },
  sessions: { kind: 'session', isSubject: false },
  token: { kind: 'token', isSubject: true },
}

/** Whatever is audited has changed, so this is also where those who watch are told of it. */
export function createAudit(db: Pick<Database, 'sql' | 'afterCommit'>, { notices }: Pick<Telemetry, 'notices'>, clock: Clock): Audit {
  return {
    async record(trx, { workspaceId, actor, action, subject, detail = {} }) {
      const head = await lockAuditHead(trx, workspaceId)
      const link = { workspaceId, seq: head.seq + 1, at: clock.now(), actor, action, subject, detail, prevHash: head.hash }
      await appendAudit(trx, { ...link, hash: linkHash(link) })
      const changed = changedBy[action.split('.', 1)[0]!]
      if (changed) db.afterCommit(trx, () => notices.add(workspaceId, changed.kind, changed.isSubject ? subject : null))
    },
    list: (workspaceId, { before, limit }) => readAudit(db.sql, workspaceId, { before, limit, newestFirst: true }),
    // In one snapshot, so that entries written meanwhile do not count as breaks.
    verify: () => db.sql.transaction().setIsolationLevel('repeatable read').execute(verifyChains),
  }
}

function linkHash({ prevHash, at, ...link }: Omit<AuditRow, 'hash'>): string {
  return sha256(`${prevHash}\n${canonicalJson({ ...link, at: at.toISOString() })}`)
}

async function verifyChains(sql: Sql): Promise<AuditReport> {
  const heads = await auditHeads(sql)
  const breaks: AuditBreak[] = []
  let entries = 0
  const workspaces = new Set([...heads.map(({ workspaceId }) => workspaceId), ...(await auditedWorkspaces(sql))])
  for (const workspaceId of workspaces) {
    const head = heads.find((candidate) => candidate.workspaceId === workspaceId)
    const result = await verifyChain(sql, workspaceId, head ?? { seq: 0, hash: '' })
    entries += result.entries
    if (result.broken) breaks.push({ workspaceId, ...result.broken })
  }
  return { entries, heads, breaks }
}

async function verifyChain(
  sql: Sql,
  workspaceId: string,
  head: { seq: number; hash: string },
): Promise<{ entries: number; broken?: { seq: number; reason: string } }> {
  let seq = 0
  let hash = ''
  while (seq < head.seq) {
    const rows = await readAudit(sql, workspaceId, { after: seq, limit: Math.min(1000, head.seq - seq), newestFirst: false })
    if (rows.length === 0) return { entries: seq, broken: { seq: seq + 1, reason: 'entries are missing at the end' } }
    for (const row of rows) {
      if (row.seq !== seq + 1) return { entries: seq, broken: { seq: seq + 1, reason: 'an entry is missing' } }
      if (row.prevHash !== hash) return { entries: seq, broken: { seq: row.seq, reason: 'it does not follow the entry before it' } }
      const { hash: stored, ...link } = row
      if (linkHash(link) !== stored) return { entries: seq, broken: { seq: row.seq, reason: 'it was changed after it was written' } }
      seq = row.seq
      hash = stored
    }
  }
  if (hash !== head.hash) return { entries: seq, broken: { seq, reason: 'the end of the chain does not match its head' } }
  if ((await countAuditBeyond(sql, workspaceId, seq)) > 0)
    return { entries: seq, broken: { seq: seq + 1, reason: 'it lies beyond the end' } }
  return { entries: seq }
}
