import type { ColumnType, Generated, Selectable } from 'kysely'
import type { ApprovalPreview, ApprovedCall, OAuthConnection, Removed, ResultLabels, SentRequests, StateBefore } from './stored.ts'

/** The tables that `migrations/*.sql` creates, with their names in camelCase, which Kysely translates. A test compares the two. */

type Json<T> = ColumnType<T, string, string>
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>
type Made = ColumnType<Date, never, never>

interface RunError {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly retryable: boolean
  readonly step?: string
}

interface BulkError {
  readonly code: string
  readonly detail: string
}

interface SyncError {
  readonly code: string
  readonly detail: string
}

/** A heading of a document, or a declaration of code. */
interface OutlineEntry {
  readonly level: number
  readonly title: string
  readonly line: number
}

/** A row of a table as it is read. */
export type Row<Table extends keyof Schema> = Readonly<Selectable<Schema[Table]>>

export interface Schema {
  workspaces: {
    id: string
    /** The small number that the seeds call `project_id`. */
    number: ColumnType<number, never, never>
    name: string
    createdAt: Made
    lastIntegrationNumber: Generated<number>
  }
  tokens: {
    id: string
    workspaceId: string
    name: string
    prefix: string
    hash: Buffer
    scopes: readonly string[]
    readOnly: boolean
    expiresAt: Date | null
    lastUsedAt: Date | null
    revokedAt: Date | null
    createdBy: string
    createdAt: Made
    userId: string | null
  }
  people: {
    id: string
    hubAdmin: Generated<boolean>
    createdAt: Made
  }
  members: {
    workspaceId: string
    userId: string
    role: 'owner' | 'admin' | 'member' | 'viewer'
    createdBy: string
    createdAt: Made
  }
  invitations: {
    id: string
    workspaceId: string
    email: string | null
    role: 'owner' | 'admin' | 'member' | 'viewer'
    hubAdmin: Generated<boolean>
    hash: Buffer
    expiresAt: Date
    usedAt: Date | null
    usedBy: string | null
    revokedAt: Date | null
    createdBy: string
    createdAt: Made
  }
  apps: {
    id: string
    clientId: string
    kind: 'registered' | 'document'
    name: string
    redirectUris: readonly string[]
    authMethod: 'none' | 'client_secret_basic' | 'client_secret_post'
    secretHash: Buffer | null
    readAt: Date | null
    createdAt: Made
    registeredFrom: Generated<string>
  }
  grants: {
    id: string
    workspaceId: string
    userId: string
    appId: string
    scopes: readonly string[]
    view: string
    createdAt: Made
    updatedAt: Generated<Date>
    lastUsedAt: Date | null
    revokedAt: Date | null
  }
  grantTokens: {
    hash: Buffer
    kind: 'code' | 'access' | 'refresh'
    family: string
    grantId: string
    scopes: readonly string[]
    audience: string
    redirectUri: string | null
    challenge: string | null
    expiresAt: Date
    usedAt: Date | null
    revokedAt: Date | null
  }
  deviceLogins: {
    id: string
    deviceHash: Buffer
    codeHash: Buffer
    name: string
    address: string
    userId: string | null
    workspaceId: string | null
    status: 'waiting' | 'allowed' | 'refused' | 'used'
    polledAt: Date | null
    expiresAt: Date
    createdAt: Made
  }
  audit: {
    workspaceId: string
    seq: number
    at: Date
    actor: string
    action: string
    subject: string
    detail: Json<Record<string, unknown>>
    prevHash: string
    hash: string
  }
  auditHeads: {
    workspaceId: string
    seq: number
    hash: string
  }
  credentials: {
    id: string
    workspaceId: string
    name: string
    kind: string | null
    keyId: string
    sealed: Json<Record<string, string>>
    version: Generated<number>
    createdAt: Made
    updatedAt: Generated<Date>
  }
  executors: {
    id: string
    lockId: ColumnType<number, bigint, never>
    host: string
    pid: number
    startedAt: Made
  }
  jobs: {
    id: string
    handler: string
    input: Json<unknown>
    executorId: string | null
    claimedAt: Date | null
    interruptions: Generated<number>
    progress: Generated<number>
    interruptedAt: Date | null
    createdAt: Made
  }
  integrations: {
    id: string
    workspaceId: string
    name: string
    connector: string
    authType: string
    credential: string | null
    config: Json<Record<string, unknown>>
    enabled: Generated<boolean>
    status: Generated<'active' | 'inactive' | 'error'>
    origin: 'user' | 'environment' | 'credential' | 'demo'
    successCount: Generated<number>
    errorCount: Generated<number>
    consecutiveErrors: Generated<number>
    lastError: NullableJson<Record<string, unknown>>
    lastErrorAt: Date | null
    lastSuccessAt: Date | null
    /** Name of the credential that its webhooks are signed with, where it has one of its own. */
    webhookCredential: string | null
    createdAt: Made
    updatedAt: Generated<Date>
    /** Unique in the workspace, and never given again. */
    number: number
    externalUser: string | null
    connection: NullableJson<OAuthConnection>
    monitorChanges: Generated<boolean>
    pollingEnabled: Generated<boolean>
    pollingInterval: number | null
    lastPolledAt: Date | null
    nextPollAt: Date | null
    changeCount: Generated<number>
    webhookSetupUntil: Date | null
  }
  oauthAttempts: {
    id: string
    workspaceId: string
    stateHash: string | null
    data: Json<unknown>
    expiresAt: Date
  }
  connectLinks: {
    id: string
    workspaceId: string
    integrationId: string
    tokenHash: string
    returnUrl: string | null
    place: string
    createdBy: string
    createdAt: Made
    expiresAt: Date
    usedAt: Date | null
    attemptId: string | null
  }
  oauthRefreshes: {
    workspaceId: string
    credential: string
    version: number
    holder: string | null
    leaseUntil: Date | null
    sentAt: Date | null
    failures: Generated<number>
    retryAt: Date | null
    lastError: string | null
  }
  invocations: {
    id: string
    workspaceId: string
    tool: string
    connector: string
    effect: 'read' | 'write' | 'destroy'
    integrationId: string | null
    integration: string | null
    transport: string
    actor: string
    key: string | null
    digest: string
    status: 'queued' | 'running' | 'completed' | 'failed' | 'outcome_unknown'
    input: NullableJson<unknown>
    output: NullableJson<unknown>
    sealed: string | null
    error: NullableJson<Record<string, unknown>>
    attempts: Generated<number>
    executorId: string
    startedAt: Date
    finishedAt: Date | null
    cancelRequested: Generated<boolean>
    labels: NullableJson<ResultLabels>
    undoes: string | null
    undoneBy: string | null
    stateBefore: NullableJson<StateBefore>
    sanitized: NullableJson<Removed>
    app: string | null
    runId: string | null
    /** Its path in the run. */
    step: string | null
    approvalId: string | null
    requests: NullableJson<SentRequests>
  }
  waitingCalls: {
    invocationId: string
    approvalId: string
    input: Json<unknown>
  }
  minuteSums: {
    workspaceId: string
    minute: Date
    eventsReceived: number
    runsStarted: number
    runsCompleted: number
    runsFailed: number
    callsMade: number
    callsFailed: number
    deliveriesDelivered: number
    deliveriesDead: number
    latency: readonly number[]
  }
  rateLimits: {
    integrationId: string
    windowStart: Date
    used: number
    pausedUntil: Date | null
  }
  policies: {
    workspaceId: string
    rules: Json<unknown[]>
    /** Whether those who caused a call may decide on its approval. */
    involvedMayDecide: Generated<boolean>
    updatedAt: Generated<Date>
    limits: Json<unknown[]>
    informationFlow: NullableJson<Record<string, unknown>>
    sanitize: Generated<string>
  }
  callCounts: {
    workspaceId: string
    subject: string
    windowStart: Date
    used: number
  }
  sessionReads: {
    workspaceId: string
    actor: string
    /** The client's name for it; empty without one. */
    session: string
    /** Empty for the hub itself. */
    integrationId: string
    integration: string
    untrusted: boolean
    private: boolean
    readAt: Date
  }
  events: {
    id: string
    workspaceId: string
    type: string
    connector: string
    integrationId: string | null
    integration: string | null
    dedupeKey: string | null
    dedupe: Buffer | null
    deliveryId: string | null
    bodyDigest: Buffer | null
    sameBodyAs: string | null
    verified: boolean
    status: Generated<'dispatched' | 'unparsed' | 'failed'>
    problem: string | null
    subject: string | null
    headers: NullableJson<Record<string, unknown>>
    body: Buffer | null
    data: NullableJson<unknown>
    transform: string | null
    /** How often it was replayed. Each replay starts runs and deliveries of its own. */
    replays: Generated<number>
    receivedAt: Date
  }
  eventQueue: {
    seq: ColumnType<number, never, never>
    workspaceId: string
    eventId: string
    whole: Generated<boolean>
  }
  dispatchClaims: {
    workspaceId: string
    executorId: string | null
    firstSeq: number
    lastSeq: number
    alone: Generated<boolean>
    deaths: Generated<number>
  }
  subscriptions: {
    id: string
    workspaceId: string
    kind: string
    target: string
    types: readonly string[]
    filter: string | null
    ordered: Generated<boolean>
    detail: NullableJson<Record<string, unknown>>
    enabled: Generated<boolean>
    problem: string | null
    /** How often one after the other the filter exceeded its limits. */
    overruns: Generated<number>
    createdAt: Made
  }
  eventEffects: {
    workspaceId: string
    eventId: string
    subscriptionId: string
    replay: number
    kind: string
    target: string
    effectId: string
    at: Made
  }
  webhookRejections: {
    hook: string
    reason: string
    minute: Date
    workspaceId: string | null
    connector: string | null
    address: string
    count: number
    lastAt: Date
  }
  webhookSources: {
    integrationId: string
    hook: string
    workspaceId: string
    lastAt: Date
    checkedAt: Date | null
    missing: Generated<number>
  }
  endpoints: {
    id: string
    workspaceId: string
    url: string
    description: string | null
    transform: string | null
    credential: string
    signature: Generated<'v1' | 'v1a'>
    publicKey: string | null
    enabled: Generated<boolean>
    disabledReason: 'user' | 'gone' | 'failing' | null
    disabledAt: Date | null
    failingSince: Date | null
    consecutiveFailures: Generated<number>
    pausedUntil: Date | null
    probeAt: Date | null
    createdAt: Made
    updatedAt: Generated<Date>
  }
  deliveries: {
    id: string
    workspaceId: string
    endpointId: string
    eventId: string
    eventType: string
    event: string
    replay: Generated<number>
    orderKey: string | null
    seq: ColumnType<number, never, never>
    status: Generated<'pending' | 'delivered' | 'dead' | 'cancelled'>
    attempts: Generated<number>
    uncounted: Generated<number>
    nextAt: Generated<Date>
    leasedUntil: Date | null
    lastStatus: number | null
    lastError: string | null
    createdAt: Made
    finishedAt: Date | null
  }
  deliveryAttempts: {
    deliveryId: string
    number: number
    at: Date
    ms: number
    request: Json<Record<string, unknown>>
    response: NullableJson<Record<string, unknown>>
    error: string | null
  }
  retention: {
    workspaceId: string
    eventsDays: number | null
    eventsBytes: number | null
    deliveriesDays: number | null
    runsDays: number | null
    updatedAt: Generated<Date>
  }
  bulkActions: {
    id: string
    workspaceId: string
    action: string
    filter: NullableJson<Record<string, unknown>>
    input: Json<Record<string, unknown>>
    actor: string
    principal: Json<Record<string, unknown>>
    status: 'running' | 'completed' | 'cancelled' | 'stopped'
    error: NullableJson<BulkError>
    total: number
    done: Generated<number>
    failed: Generated<number>
    createdAt: Made
    finishedAt: Date | null
  }
  bulkItems: {
    bulkId: string
    position: number
    itemId: string
    digest: string | null
    startedAt: Date | null
    finishedAt: Date | null
    error: NullableJson<BulkError>
  }
  flows: {
    id: string
    workspaceId: string
    name: string
    version: number
    enabled: boolean
    /** Its name as a tool, if it is one. */
    toolName: string | null
    origin: 'user' | 'bundled'
    actor: string
    scopes: readonly string[]
    readOnly: boolean
    createdAt: Made
    updatedAt: Generated<Date>
  }
  flowVersions: {
    flowId: string
    version: number
    workspaceId: string
    definition: Json<object>
    source: string
    digest: string
    actor: string
    createdAt: Made
  }
  flowRuns: {
    id: string
    workspaceId: string
    flowId: string
    flow: string
    version: number
    status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'
    trigger: Json<Record<string, unknown>>
    eventId: string | null
    parameters: Json<Record<string, unknown>>
    /** The parameters as they were given, if some are secret. */
    sealed: string | null
    outputs: NullableJson<unknown>
    error: NullableJson<RunError>
    actor: string
    scopes: readonly string[]
    readOnly: boolean
    /** Everybody who caused the run, as actors. */
    causes: Generated<readonly string[]>
    dryRun: Generated<boolean>
    replayOf: string | null
    parentRun: string | null
    parentPath: string | null
    depth: Generated<number>
    concurrencyKey: string | null
    segment: Generated<number>
    /** How often something has arrived since the run was claimed. */
    wakeRequests: Generated<number>
    cancelling: Generated<boolean>
    wakeAt: Date | null
    deadlineAt: Date | null
    createdAt: Date
    startedAt: Date | null
    finishedAt: Date | null
    /** Of a dry run of a flow that is not saved. */
    definition: NullableJson<object>
  }
  flowSteps: {
    runId: string
    path: string
    step: string
    kind: string
    status: 'running' | 'waiting' | 'completed' | 'failed' | 'skipped'
    input: NullableJson<unknown>
    output: NullableJson<unknown>
    /** The input and output as the flow reads them, if they contain a secret. */
    sealed: string | null
    error: NullableJson<RunError>
    attempts: Generated<number>
    keyNo: Generated<number>
    invocationId: string | null
    until: Date | null
    startedAt: Date
    finishedAt: Date | null
  }
  flowSchedules: {
    flowId: string
    place: number
    cron: string
    timezone: string
    missed: 'skip' | 'once' | 'all'
    parameters: Json<Record<string, unknown>>
    nextAt: Date | null
  }
  approvals: {
    id: string
    workspaceId: string
    status: Generated<'pending' | 'approved' | 'rejected' | 'expired' | 'used'>
    message: string
    deciders: readonly string[] | null
    call: NullableJson<ApprovedCall>
    callDigest: string | null
    runId: string | null
    path: string | null
    askedBy: string
    /** Everybody who caused the question, as actors. */
    involved: readonly string[]
    decidedBy: string | null
    comment: string | null
    usedKey: string | null
    usedAt: Date | null
    expiresAt: Date
    createdAt: Made
    decidedAt: Date | null
    preview: NullableJson<ApprovalPreview>
  }
  buses: {
    workspaceId: string
    name: string
    types: readonly string[]
    leasedBy: string | null
    leasedUntil: Date | null
    createdAt: Made
  }
  busQueue: {
    id: ColumnType<number, never, never>
    workspaceId: string
    bus: string
    eventId: string
    topic: string | null
    key: string | null
    createdAt: Made
  }
  sources: {
    id: string
    workspaceId: string
    integrationId: string
    kind: string
    name: string
    config: Json<Record<string, unknown>>
    digest: string
    status: Generated<'idle' | 'syncing' | 'waiting' | 'failed'>
    pausedAt: Date | null
    cursor: NullableJson<unknown>
    syncId: string | null
    continueAt: Date | null
    pullWanted: Generated<boolean>
    attempts: Generated<number>
    lastError: NullableJson<SyncError>
    notice: string | null
    syncedAt: Date | null
    sweptAt: Date | null
    deletedAt: Date | null
    createdAt: Made
  }
  syncs: {
    id: string
    sourceId: string
    workspaceId: string
    reason: string
    jobId: string | null
    whole: boolean
    phase: Generated<'pull' | 'items' | 'sweep'>
    status: Generated<'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'>
    sweeps: Generated<boolean>
    confirmed: Generated<boolean>
    sweepCursor: NullableJson<unknown>
    sweepPartial: Generated<boolean>
    pages: Generated<number>
    added: Generated<number>
    changed: Generated<number>
    unchanged: Generated<number>
    removed: Generated<number>
    failed: Generated<number>
    remaining: number | null
    error: NullableJson<SyncError>
    startedAt: Made
    endedAt: Date | null
  }
  sourceItems: {
    sourceId: string
    externalId: string
    noticedAt: Generated<Date>
    attempts: Generated<number>
    dueAt: Generated<Date>
    error: NullableJson<SyncError>
  }
  audiences: {
    id: ColumnType<number, never, never>
    sourceId: string
    key: string
    members: Generated<readonly string[]>
    checkedAt: Date | null
  }
  identities: {
    workspaceId: string
    actor: string
    integrationId: string
    externalUser: string
    createdBy: string
    createdAt: Made
  }
  documents: {
    id: string
    number: ColumnType<number, never, never>
    workspaceId: string
    sourceId: string
    externalId: string
    type: string
    title: string
    url: string | null
    path: string | null
    author: string | null
    createdAt: Date | null
    updatedAt: Date | null
    content: string
    contentHash: string
    truncated: string | null
    outline: Json<readonly OutlineEntry[]>
    audienceId: number
    terms: Generated<readonly string[]>
    size: number
    outlineSize: number
    chunkCount: number
    seenAt: Generated<Date>
    indexedAt: Generated<Date>
  }
  sourceChunks: {
    documentNumber: number
    position: number
    kind: string
    heading: string
    fromLine: number
    toLine: number
    content: string
    contentHash: string
  }
  chunkSummaries: {
    documentNumber: number
    position: Generated<number>
    summary: string
    madeBy: string
    contentHash: string
  }
  changedFiles: {
    sourceId: string
    change: string
    path: string
    previousPath: string | null
    status: string
    additions: Generated<number>
    deletions: Generated<number>
    changedAt: Generated<Date>
  }
  tombstones: {
    sourceId: string
    externalId: string
    documentId: string
    reason: string
    noticedAt: Date
    removedAt: Generated<Date>
  }
  feedbackSignals: {
    id: string
    workspaceId: string
    documentId: string
    integrationId: string
    position: number | null
    signal: 'up' | 'down' | 'used' | 'wrong'
    query: string | null
    comment: string | null
    actor: string
    createdAt: Made
  }
  postings: {
    workspace: number
    term: string
    document: number
    frequency: number
    outline: number
    size: number
    outlineSize: number
    hits: Buffer
  }
  searchTerms: {
    workspace: number
    term: string
    documents: number
  }
  searchSizes: {
    workspace: number
    documents: number
    chunks: number
    size: number
    outlineSize: number
  }
}
