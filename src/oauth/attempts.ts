import type { Keyring } from '#credentials'
import { hubError } from '#errors'
import { sha256 } from '#lib/canonical'
import { newId } from '#lib/ids'
import { open, seal } from '#lib/seal'

/** What ended an attempt, or what it waits for. `storing`: somebody stores what was allowed, and nobody can cancel it any more. */
export type AttemptStatus = 'waiting' | 'choosing' | 'storing' | 'connected' | 'denied' | 'failed' | 'cancelled' | 'expired'

/** An attempt to connect an integration: it begins when a person is sent to the provider, and ends once. */
export interface Attempt {
  readonly id: string
  /** Counts its changes, so that of two who change it at the same time one is refused. */
  readonly revision: number
  readonly workspaceId: string
  readonly integrationId: string
  /** Where secrets went when it began: a change of the integration must not lead them elsewhere. */
  readonly place: string
  readonly grant: 'authorization_code' | 'device_code'
  /** Who began it. The audit log names them for what it stores. */
  readonly startedBy: string
  /** The hash of what only the browser of the person has; null for attempts that whoever began them completes. */
  readonly browserHash: string | null
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly features: readonly string[]
  /** Where the page at the end leads. */
  readonly returnUrl: string | null
  readonly status: AttemptStatus
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly account: string | null
  /** What the person chooses from. */
  readonly choices: readonly { readonly id: string; readonly title: string }[]
  readonly userCode: string | null
  readonly verificationUri: string | null
  readonly intervalSeconds: number
  /** When the provider may be asked again about a device code. */
  readonly nextPollAt: number
  readonly createdAt: string
  readonly expiresAt: string
}

/** What stays sealed: the PKCE verifier, a device code, tokens while the person chooses a site. */
export type AttemptSecrets = Readonly<Record<string, unknown>>

export interface StoredAttempt extends Attempt {
  readonly sealed: string
}

/** Where attempts are kept. Each method is one step that no other process can come between. */
export interface AttemptStore extends AsyncDisposable {
  /** False if there is one of this id. */
  insert(attempt: StoredAttempt, stateHash: string | null): Promise<boolean>
  /** Returns the attempt of this state once; later callers get nothing. */
  claim(stateHash: string): Promise<StoredAttempt | undefined>
  find(id: string): Promise<StoredAttempt | undefined>
  /** Replaces an attempt that has this revision; false if somebody else changed it meanwhile. */
  replace(attempt: StoredAttempt, revision: number): Promise<boolean>
}

export interface Attempts {
  begin(
    attempt: Omit<Attempt, 'id' | 'revision' | 'status' | 'problem' | 'account' | 'choices' | 'createdAt'>,
    secrets: AttemptSecrets,
    by: { readonly state: string | null; readonly id?: string | undefined },
  ): Promise<Attempt>
  /** The attempt that a provider answers, once. */
  claim(state: string): Promise<{ attempt: Attempt; secrets: AttemptSecrets } | undefined>
  find(id: string): Promise<{ attempt: Attempt; secrets: AttemptSecrets } | undefined>
  /** Moves an attempt on, if it still is as given; undefined if somebody else was faster. Without secrets, the earlier ones are deleted. */
  move(attempt: Attempt, change: Partial<Attempt>, secrets?: AttemptSecrets): Promise<Attempt | undefined>
}

export function createAttempts(store: AttemptStore, keyring: Keyring): Attempts {
  const boundTo = ({ id, workspaceId }: Pick<Attempt, 'id' | 'workspaceId'>): string[] => [workspaceId, id, 'oauth attempt']
  const sealed = (attempt: Pick<Attempt, 'id' | 'workspaceId'>, secrets: AttemptSecrets): string =>
    seal(JSON.stringify(secrets), keyring.current(), boundTo(attempt))
  const opened = (stored: StoredAttempt | undefined) => {
    if (!stored) return undefined
    const { sealed: text, ...attempt } = stored
    const isOver = isOpen(attempt) && Date.parse(attempt.expiresAt) <= Date.now()
    if (isOver) return { attempt: { ...attempt, status: 'expired' as const }, secrets: {} }
    return { attempt, secrets: JSON.parse(open(text, keyring.all(), boundTo(attempt))) as AttemptSecrets }
  }
  return {
    async begin(given, secrets, { state, id = newId('att') }) {
      const attempt: Attempt = {
        ...given,
        id,
        revision: 0,
        status: 'waiting',
        problem: null,
        account: null,
        choices: [],
        createdAt: new Date().toISOString(),
      }
      const isNew = await store.insert({ ...attempt, sealed: sealed(attempt, secrets) }, state === null ? null : sha256(state))
      if (!isNew)
        throw hubError('attempt_unknown', { detail: 'this attempt has begun already', hint: 'load the page again, and start again' })
      return attempt
    },
    claim: async (state) => opened(await store.claim(sha256(state))),
    find: async (id) => opened(await store.find(id)),
    async move(attempt, change, secrets = {}) {
      const next = { ...attempt, ...change, revision: attempt.revision + 1 }
      return (await store.replace({ ...next, sealed: sealed(next, secrets) }, attempt.revision)) ? next : undefined
    },
  }
}

/** Whether it has not ended. */
export function isOpen({ status }: Pick<Attempt, 'status'>): boolean {
  return status === 'waiting' || status === 'choosing' || status === 'storing'
}
