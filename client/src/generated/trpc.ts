// `node client/generate.ts` writes this file from the operations of the hub.
import type {
  TRPC_ERROR_CODE_KEY,
  TRPCBuiltRouter,
  TRPCErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from '@trpc/server'
import type { RunEvent } from '../types.ts'
import type {
  ErrorCode,
  ErrorKind,
  TokensListInput,
  TokensListOutput,
  TokensCreateInput,
  TokensCreateOutput,
  TokensRevokeInput,
  TokensRevokeOutput,
  UsersMeInput,
  UsersMeOutput,
  MembersListInput,
  MembersListOutput,
  MembersUpdateInput,
  MembersUpdateOutput,
  MembersRemoveInput,
  MembersRemoveOutput,
  InvitationsListInput,
  InvitationsListOutput,
  InvitationsCreateInput,
  InvitationsCreateOutput,
  InvitationsRevokeInput,
  InvitationsRevokeOutput,
  SessionsListInput,
  SessionsListOutput,
  SessionsEndInput,
  SessionsEndOutput,
  SessionsEndAllInput,
  SessionsEndAllOutput,
  GrantsListInput,
  GrantsListOutput,
  GrantsRevokeInput,
  GrantsRevokeOutput,
  WorkspacesListInput,
  WorkspacesListOutput,
  WorkspacesCreateInput,
  WorkspacesCreateOutput,
  AuditListInput,
  AuditListOutput,
  CredentialsListInput,
  CredentialsListOutput,
  CredentialsCreateInput,
  CredentialsCreateOutput,
  CredentialsSetInput,
  CredentialsSetOutput,
  CredentialsDeleteInput,
  CredentialsDeleteOutput,
  ConnectorsListInput,
  ConnectorsListOutput,
  ConnectorsGetInput,
  ConnectorsGetOutput,
  IntegrationsListInput,
  IntegrationsListOutput,
  IntegrationsCreateInput,
  IntegrationsCreateOutput,
  IntegrationsGetInput,
  IntegrationsGetOutput,
  IntegrationsUpdateInput,
  IntegrationsUpdateOutput,
  IntegrationsConfigureInput,
  IntegrationsConfigureOutput,
  IntegrationsDeleteInput,
  IntegrationsDeleteOutput,
  IntegrationsTestInput,
  IntegrationsTestOutput,
  IntegrationsHealthInput,
  IntegrationsHealthOutput,
  IntegrationsSetupInput,
  IntegrationsSetupOutput,
  IntegrationsSetupWebhookInput,
  IntegrationsSetupWebhookOutput,
  IntegrationsConnectInput,
  IntegrationsConnectOutput,
  IntegrationsConnectDeviceInput,
  IntegrationsConnectDeviceOutput,
  ConnectionsGetInput,
  ConnectionsGetOutput,
  ConnectionsChooseInput,
  ConnectionsChooseOutput,
  ConnectionsCancelInput,
  ConnectionsCancelOutput,
  IntegrationsInitProviderAuthInput,
  IntegrationsInitProviderAuthOutput,
  IntegrationsCompleteProviderAuthInput,
  IntegrationsCompleteProviderAuthOutput,
  IntegrationsSyncIntegrationInput,
  IntegrationsSyncIntegrationOutput,
  IntegrationsSyncAllIntegrationsInput,
  IntegrationsSyncAllIntegrationsOutput,
  SourcesCreateInput,
  SourcesCreateOutput,
  SourcesListInput,
  SourcesListOutput,
  SourcesGetInput,
  SourcesGetOutput,
  SourcesSyncsInput,
  SourcesSyncsOutput,
  SourcesFailuresInput,
  SourcesFailuresOutput,
  SourcesSyncInput,
  SourcesSyncOutput,
  SourcesPauseInput,
  SourcesPauseOutput,
  SourcesResumeInput,
  SourcesResumeOutput,
  SourcesCancelInput,
  SourcesCancelOutput,
  SourcesRetryFailuresInput,
  SourcesRetryFailuresOutput,
  SourcesDeleteInput,
  SourcesDeleteOutput,
  IntegrationsMonitoringInput,
  IntegrationsMonitoringOutput,
  IntegrationsSetMonitoringInput,
  IntegrationsSetMonitoringOutput,
  IdentitiesListInput,
  IdentitiesListOutput,
  IdentitiesAddInput,
  IdentitiesAddOutput,
  IdentitiesRemoveInput,
  IdentitiesRemoveOutput,
  SearchQueryInput,
  SearchQueryOutput,
  DocumentsListInput,
  DocumentsListOutput,
  DocumentsGetInput,
  DocumentsGetOutput,
  DocumentsOutlineInput,
  DocumentsOutlineOutput,
  DocumentsChunksInput,
  DocumentsChunksOutput,
  DocumentsFeedbackInput,
  DocumentsFeedbackOutput,
  ToolsListInput,
  ToolsListOutput,
  ToolsGetInput,
  ToolsGetOutput,
  ToolsCallInput,
  ToolsCallOutput,
  ToolsRegistryInput,
  ToolsRegistryOutput,
  ToolsTypesInput,
  ToolsTypesOutput,
  ScriptsRunInput,
  ScriptsRunOutput,
  InvocationsListInput,
  InvocationsListOutput,
  InvocationsGetInput,
  InvocationsGetOutput,
  InvocationsReadResultInput,
  InvocationsReadResultOutput,
  InvocationsCancelInput,
  InvocationsCancelOutput,
  InvocationsUndoInput,
  InvocationsUndoOutput,
  PoliciesGetInput,
  PoliciesGetOutput,
  PoliciesSetInput,
  PoliciesSetOutput,
  ApprovalsListInput,
  ApprovalsListOutput,
  ApprovalsGetInput,
  ApprovalsGetOutput,
  ApprovalsDecideInput,
  ApprovalsDecideOutput,
  ApprovalsSettingsInput,
  ApprovalsSettingsOutput,
  ApprovalsSetSettingsInput,
  ApprovalsSetSettingsOutput,
  EventsListInput,
  EventsListOutput,
  EventsSinceInput,
  EventsSinceOutput,
  EventsGetInput,
  EventsGetOutput,
  EventsReplayInput,
  EventsReplayOutput,
  EventsReplayRangeInput,
  EventsReplayRangeOutput,
  RetentionGetInput,
  RetentionGetOutput,
  RetentionSetInput,
  RetentionSetOutput,
  EndpointsListInput,
  EndpointsListOutput,
  EndpointsCreateInput,
  EndpointsCreateOutput,
  EndpointsGetInput,
  EndpointsGetOutput,
  EndpointsUpdateInput,
  EndpointsUpdateOutput,
  EndpointsDeleteInput,
  EndpointsDeleteOutput,
  EndpointsRotateInput,
  EndpointsRotateOutput,
  EndpointsTestInput,
  EndpointsTestOutput,
  EndpointsReplayInput,
  EndpointsReplayOutput,
  DeliveriesListInput,
  DeliveriesListOutput,
  DeliveriesGetInput,
  DeliveriesGetOutput,
  DeliveriesRetryInput,
  DeliveriesRetryOutput,
  DeliveriesCountsInput,
  DeliveriesCountsOutput,
  DeliveriesRetryRangeInput,
  DeliveriesRetryRangeOutput,
  FlowsSaveInput,
  FlowsSaveOutput,
  FlowsReplaceInput,
  FlowsReplaceOutput,
  FlowsCheckInput,
  FlowsCheckOutput,
  FlowsListInput,
  FlowsListOutput,
  FlowsGetInput,
  FlowsGetOutput,
  FlowsVersionsInput,
  FlowsVersionsOutput,
  FlowsUpdateInput,
  FlowsUpdateOutput,
  FlowsAdoptInput,
  FlowsAdoptOutput,
  FlowsDeleteInput,
  FlowsDeleteOutput,
  FlowsTriggerInput,
  FlowsTriggerOutput,
  FlowsDryRunInput,
  FlowsDryRunOutput,
  RunsListInput,
  RunsListOutput,
  RunsGetInput,
  RunsGetOutput,
  RunsDefinitionInput,
  RunsDefinitionOutput,
  RunsCancelInput,
  RunsCancelOutput,
  RunsRetryInput,
  RunsRetryOutput,
  RunsReplayInput,
  RunsReplayOutput,
  RunsWatchInput,
  HintsWatchInput,
  StatsGetInput,
  StatsGetOutput,
  TracesGetInput,
  TracesGetOutput,
  ActorsListInput,
  ActorsListOutput,
  DemoGetInput,
  DemoGetOutput,
  DemoStartInput,
  DemoStartOutput,
  DemoStopInput,
  DemoStopOutput,
  DemoSendWebhookInput,
  DemoSendWebhookOutput,
  BusesListInput,
  BusesListOutput,
  BusesMessagesInput,
  BusesMessagesOutput,
  BusesPingInput,
  BusesPingOutput,
  BusesPublishInput,
  BusesPublishOutput,
  BusesTailInput,
  BusesRemoveInput,
  BusesRemoveOutput,
  BulkStartInput,
  BulkStartOutput,
  BulkListInput,
  BulkListOutput,
  BulkGetInput,
  BulkGetOutput,
  BulkCancelInput,
  BulkCancelOutput,
  WebhooksRejectionsInput,
  WebhooksRejectionsOutput,
  WebhooksLogInput,
  WebhooksLogOutput,
  WebhooksPreviewInput,
  WebhooksPreviewOutput,
  WebhooksSendSampleInput,
  WebhooksSendSampleOutput,
} from './types.ts'

/** RFC 9457: the same problem that the REST API answers with. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly detail: string
  readonly retryable: boolean
  /** Seconds. */
  readonly retry_after?: number
  readonly hint?: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  readonly request_id: string
  readonly invocation_id?: string
  readonly approval_id?: string
}

/** `error.shape` of a `TRPCClientError<AppRouter>`; `error.data` is its data. */
export interface ErrorShape extends TRPCErrorShape {
  readonly data: {
    readonly code: TRPC_ERROR_CODE_KEY
    readonly httpStatus: number
    readonly path?: string
    readonly problem: Problem
  }
}

interface Types {
  ctx: object
  meta: object
  errorShape: ErrorShape
  transformer: false
}

type Query<Input, Output> = TRPCQueryProcedure<{ input: Input; output: Output; meta: object }>
type Mutation<Input, Output> = TRPCMutationProcedure<{ input: Input; output: Output; meta: object }>
type Subscription<Input, Change> = TRPCSubscriptionProcedure<{
  input: Input & { readonly lastEventId?: string }
  output: AsyncIterable<{ readonly id: string; readonly data: Change }, void>
  meta: object
}>
type Change<Event> = Event extends { readonly event: infer Name; readonly data: infer Data }
  ? { readonly event: Name; readonly data: Data }
  : never

// Not an interface, which has no index.
type Procedures = {
  tokens: {
    /** List tokens, newest first; never their values. With tokens:own, only the own tokens of the person. Scope: `tokens:read`. */
    list: Query<TokensListInput | undefined, TokensListOutput>
    /** Create a token. Only this answer shows the value of the token. A token that a person makes belongs to that person: it may do what the role of the person covers, and ends with the membership. With tokens:own, a person makes own tokens. Scope: `tokens:write`. */
    create: Mutation<TokensCreateInput, TokensCreateOutput>
    /** Revoke a token: within a second it works nowhere. Scope: `tokens:write`. */
    revoke: Mutation<TokensRevokeInput, TokensRevokeOutput>
  }
  users: {
    /** Who the caller is, in which workspace, and what it may do. Scope: `any`. */
    me: Query<UsersMeInput | undefined, UsersMeOutput>
  }
  members: {
    /** List the members of the workspace with their roles. Scope: `people:read`. */
    list: Query<MembersListInput | undefined, MembersListOutput>
    /** Change the role of a member: within a second it applies everywhere. Nobody gives a role beyond their own rights. Only owners make owners and change them. Scope: `people:write`. */
    update: Mutation<MembersUpdateInput, MembersUpdateOutput>
    /** Remove a member: their sessions, tokens and flows lose their rights here within a second. A person may leave a workspace without people:write. The last owner stays. Scope: `people:write`. */
    remove: Mutation<MembersRemoveInput, MembersRemoveOutput>
  }
  invitations: {
    /** List invitations to the workspace, newest first; never their links. Scope: `people:write`. */
    list: Query<InvitationsListInput | undefined, InvitationsListOutput>
    /** Invite somebody to the workspace. Only this answer shows the link, which works once, for seven days. With an e-mail address only the person with this address can use it. Nobody gives a role beyond their own rights. Scope: `people:write`. */
    create: Mutation<InvitationsCreateInput | undefined, InvitationsCreateOutput>
    /** Revoke an invitation that was not used yet. Scope: `people:write`. */
    revoke: Mutation<InvitationsRevokeInput, InvitationsRevokeOutput>
  }
  sessions: {
    /** List the own sign-in sessions or, with people:write, those of a member. Scope: `people:read`. */
    list: Query<SessionsListInput | undefined, SessionsListOutput>
    /** End one of the own sign-in sessions: within a second it works nowhere. Scope: `people:read`. */
    end: Mutation<SessionsEndInput, SessionsEndOutput>
    /** End all sign-in sessions of a member. Scope: `people:write`. */
    end_all: Mutation<SessionsEndAllInput, SessionsEndAllOutput>
  }
  grants: {
    /** List what people allow apps to do for them over MCP, newest first. A person sees what they allowed themselves. What everybody in the workspace allowed needs people:read. Scope: `people:read`. */
    list: Query<GrantsListInput | undefined, GrantsListOutput>
    /** End what a person allows an app: within a second its tokens work nowhere. A person ends what they allowed themselves. To end what another one in the workspace allowed, people:write is needed. Scope: `people:write`. */
    revoke: Mutation<GrantsRevokeInput, GrantsRevokeOutput>
  }
  workspaces: {
    /** List the workspaces that this token may see. Scope: `admin`. */
    list: Query<WorkspacesListInput | undefined, WorkspacesListOutput>
    /** Create a workspace. Scope: `hub:admin`. */
    create: Mutation<WorkspacesCreateInput, WorkspacesCreateOutput>
  }
  audit: {
    /** Read the audit log, newest first. Scope: `audit:read`. */
    list: Query<AuditListInput | undefined, AuditListOutput>
  }
  credentials: {
    /** List credentials: names, kinds and dates. Scope: `credentials:read`. */
    list: Query<CredentialsListInput | undefined, CredentialsListOutput>
    /** Store a new credential. Scope: `credentials:write`. */
    create: Mutation<CredentialsCreateInput, CredentialsCreateOutput>
    /** Set a credential, whether it exists or not. Scope: `credentials:write`. */
    set: Mutation<CredentialsSetInput, CredentialsSetOutput>
    /** Delete a credential. Scope: `credentials:write`. */
    delete: Mutation<CredentialsDeleteInput, CredentialsDeleteOutput>
  }
  connectors: {
    /** List what can be connected. Scope: `tools:read`. */
    list: Query<ConnectorsListInput | undefined, ConnectorsListOutput>
    /** Get one connector. Scope: `tools:read`. */
    get: Query<ConnectorsGetInput, ConnectorsGetOutput>
  }
  integrations: {
    /** List integrations. Scope: `integrations:read`. */
    list: Query<IntegrationsListInput | undefined, IntegrationsListOutput>
    /** Connect an outside system. Scope: `integrations:write`. */
    create: Mutation<IntegrationsCreateInput, IntegrationsCreateOutput>
    /** Get one integration. Scope: `integrations:read`. */
    get: Query<IntegrationsGetInput, IntegrationsGetOutput>
    /** Change, disable or enable an integration. Scope: `integrations:write`. */
    update: Mutation<IntegrationsUpdateInput, IntegrationsUpdateOutput>
    /** Create or change the integration of this name. Settings of the connector and fields of its credential may also stand in the body itself: {"token": "…"} for github, {"base_url": "…", "username": "…", "api_token": "…"} for jira, {"bot_token": "…"} for slack. Scope: `integrations:write`. */
    configure: Mutation<IntegrationsConfigureInput, IntegrationsConfigureOutput>
    /** Disconnect an outside system. Scope: `integrations:write`. */
    delete: Mutation<IntegrationsDeleteInput, IntegrationsDeleteOutput>
    /** Test the connection. Scope: `integrations:write`. */
    test: Mutation<IntegrationsTestInput, IntegrationsTestOutput>
    /** Get the health of an integration. Scope: `integrations:read`. */
    health: Query<IntegrationsHealthInput, IntegrationsHealthOutput>
    /** Get the addresses of an integration, and what is missing to connect it and to receive its webhooks. Scope: `integrations:read`. */
    setup: Query<IntegrationsSetupInput, IntegrationsSetupOutput>
    /** Create the webhook of an integration at its outside system, or update it. It sends to this hub and is signed with the secret of the integration, which is made if there is none. A webhook with the same URL is updated, so there is never a second one. It is a call with the credential of the integration: it also needs the scope tools:call, and policies, approvals and limits apply to it. Scope: `integrations:write`. */
    setup_webhook: Mutation<IntegrationsSetupWebhookInput, IntegrationsSetupWebhookOutput>
    /** Make a link with which a person connects an integration. Whoever opens the link decides on the pages of the outside system. It works once and needs no account in the hub, so give it to nobody else. GET /api/v1/connections/{id} says how it went. Scope: `integrations:write`. */
    connect: Mutation<IntegrationsConnectInput, IntegrationsConnectOutput>
    /** Connect an integration with a code that a person enters at the outside system. Scope: `integrations:write`. */
    connect_device: Mutation<IntegrationsConnectDeviceInput, IntegrationsConnectDeviceOutput>
    /** Begin to connect an integration on pages of an application of one’s own. Scope: `integrations:write`. */
    initProviderAuth: Mutation<IntegrationsInitProviderAuthInput, IntegrationsInitProviderAuthOutput>
    /** Complete what integrations.initProviderAuth began, once, as the same caller. Scope: `integrations:write`. */
    completeProviderAuth: Mutation<IntegrationsCompleteProviderAuthInput, IntegrationsCompleteProviderAuthOutput>
    /** Sync all sources of an integration now. Scope: `integrations:write`. */
    syncIntegration: Mutation<IntegrationsSyncIntegrationInput, IntegrationsSyncIntegrationOutput>
    /** Sync all sources of the workspace now. Scope: `integrations:write`. */
    syncAllIntegrations: Mutation<IntegrationsSyncAllIntegrationsInput | undefined, IntegrationsSyncAllIntegrationsOutput>
    /** See how changes of an integration’s content are noticed. Scope: `integrations:read`. */
    monitoring: Query<IntegrationsMonitoringInput, IntegrationsMonitoringOutput>
    /** Change how changes of an integration’s content are noticed. Scope: `integrations:write`. */
    setMonitoring: Mutation<IntegrationsSetMonitoringInput, IntegrationsSetMonitoringOutput>
  }
  connections: {
    /** Get how an attempt to connect stands. Scope: `integrations:read`. */
    get: Query<ConnectionsGetInput, ConnectionsGetOutput>
    /** Choose one of several sites that a person allowed. For attempts that the caller began and completes itself. Where a person began in a browser, they choose there. Scope: `integrations:write`. */
    choose: Mutation<ConnectionsChooseInput, ConnectionsChooseOutput>
    /** Revoke a link, or end an attempt to connect. Scope: `integrations:write`. */
    cancel: Mutation<ConnectionsCancelInput, ConnectionsCancelOutput>
  }
  sources: {
    /** Keep content of an integration in sync, such as the issues of a repository. The first sync starts at once. What an integration has to sync, with its settings, is in `GET /api/v1/connectors/{name}`. Scope: `integrations:write`. */
    create: Mutation<SourcesCreateInput, SourcesCreateOutput>
    /** List what is kept in sync, newest first. Scope: `integrations:read`. */
    list: Query<SourcesListInput | undefined, SourcesListOutput>
    /** Get a source with the state of its latest sync. Scope: `integrations:read`. */
    get: Query<SourcesGetInput, SourcesGetOutput>
    /** List the syncs of a source, newest first. Scope: `integrations:read`. */
    syncs: Query<SourcesSyncsInput, SourcesSyncsOutput>
    /** List the items of a source that could not be read. Scope: `integrations:read`. */
    failures: Query<SourcesFailuresInput, SourcesFailuresOutput>
    /** Sync a source now. Scope: `integrations:write`. */
    sync: Mutation<SourcesSyncInput, SourcesSyncOutput>
    /** Pause a source: a running sync stops after its page. Scope: `integrations:write`. */
    pause: Mutation<SourcesPauseInput, SourcesPauseOutput>
    /** Let a paused source go on. Scope: `integrations:write`. */
    resume: Mutation<SourcesResumeInput, SourcesResumeOutput>
    /** End the sync of a source; what it has read stays. Scope: `integrations:write`. */
    cancel: Mutation<SourcesCancelInput, SourcesCancelOutput>
    /** Try the items that could not be read again now. Scope: `integrations:write`. */
    retryFailures: Mutation<SourcesRetryFailuresInput, SourcesRetryFailuresOutput>
    /** Delete a source: its content is in no answer any more, and is deleted in the background. Scope: `integrations:write`. */
    delete: Mutation<SourcesDeleteInput, SourcesDeleteOutput>
  }
  identities: {
    /** List who people and tokens are in outside systems. Scope: `people:read`. */
    list: Query<IdentitiesListInput | undefined, IdentitiesListOutput>
    /** Say who a person or a token is in an outside system. They then find the content that this user may read there. Scope: `people:write`. */
    add: Mutation<IdentitiesAddInput, IdentitiesAddOutput>
    /** Take back who a person or a token is in an outside system. Scope: `people:write`. */
    remove: Mutation<IdentitiesRemoveInput, IdentitiesRemoveOutput>
  }
  search: {
    /** Search the synced content of the workspace, as far as the caller may read it. Scope: `content:read`. */
    query: Query<SearchQueryInput, SearchQueryOutput>
  }
  documents: {
    /** List synced documents, newest first. Scope: `content:read`. */
    list: Query<DocumentsListInput | undefined, DocumentsListOutput>
    /** Get a synced document, or some lines of it. Scope: `content:read`. */
    get: Query<DocumentsGetInput, DocumentsGetOutput>
    /** Get the headings of a synced document, with their lines. Scope: `content:read`. */
    outline: Query<DocumentsOutlineInput, DocumentsOutlineOutput>
    /** List the chunks of a synced document, as search sees them. Scope: `content:read`. */
    chunks: Query<DocumentsChunksInput, DocumentsChunksOutput>
    /** Say whether a found document was of use. What was of use comes up earlier in later searches, what was wrong later. Scope: `content:read`. */
    feedback: Mutation<DocumentsFeedbackInput, DocumentsFeedbackOutput>
  }
  tools: {
    /** Find tools. Scope: `tools:read`. */
    list: Query<ToolsListInput | undefined, ToolsListOutput>
    /** Get one tool with its schemas and an example. Scope: `tools:read`. */
    get: Query<ToolsGetInput, ToolsGetOutput>
    /** Call a tool. Scope: `tools:call:*`. */
    call: Mutation<ToolsCallInput, ToolsCallOutput>
    /** List all tools and their aliases, in the older form of the API. Scope: `tools:read`. */
    registry: Query<ToolsRegistryInput | undefined, ToolsRegistryOutput>
    /** Get TypeScript declarations of tools, for scripts. Scope: `tools:read`. */
    types: Query<ToolsTypesInput | undefined, ToolsTypesOutput>
  }
  scripts: {
    /** Run a script that calls tools. JavaScript in a sandbox: the body of an async function of `input`, `tools` and `console`. Every tool that you may call is an async function. Scope: `tools:call:*`. */
    run: Mutation<ScriptsRunInput, ScriptsRunOutput>
  }
  invocations: {
    /** List tool calls, newest first. Scope: `invocations:read`. */
    list: Query<InvocationsListInput | undefined, InvocationsListOutput>
    /** Get one tool call with its input and outcome. Scope: `invocations:read`. */
    get: Query<InvocationsGetInput, InvocationsGetOutput>
    /** Read the rest of a result that was truncated. Scope: `invocations:read`. */
    read_result: Query<InvocationsReadResultInput, InvocationsReadResultOutput>
    /** Cancel a tool call that was queued. A call that has not begun ends as `failed` with `cancelled`. One that is running is aborted: a write that was sent already ends `outcome_unknown`. One that has ended stays as it is. Scope: `admin`. */
    cancel: Mutation<InvocationsCancelInput, InvocationsCancelOutput>
    /** Undo a tool call. Makes the call that reverses it, with the rights of whoever asks: policies, approvals and limits apply to that call, and the journal has it with `undoes`. A token undoes its own calls, and with `invocations:read` those of others. Undoing twice acts once. `undo_impossible` says why a call cannot be undone, `undo_conflict` what was changed since. Scope: `tools:call:*`. */
    undo: Mutation<InvocationsUndoInput, InvocationsUndoOutput>
  }
  policies: {
    /** Get the rules for tool calls. Scope: `admin`. */
    get: Query<PoliciesGetInput | undefined, PoliciesGetOutput>
    /** Set the rules for tool calls: the first rule that matches decides. Parts that are left out stay as they are. Scope: `admin`. */
    set: Mutation<PoliciesSetInput | undefined, PoliciesSetOutput>
  }
  approvals: {
    /** List approvals, newest first. Scope: `approvals:read`. */
    list: Query<ApprovalsListInput | undefined, ApprovalsListOutput>
    /** Get one approval with the call that it is about. Scope: `approvals:read`. */
    get: Query<ApprovalsGetInput, ApprovalsGetOutput>
    /** Approve or reject. Scope: `approvals:write`. */
    decide: Mutation<ApprovalsDecideInput, ApprovalsDecideOutput>
    /** Get who may decide on approvals in this workspace. Scope: `approvals:read`. */
    settings: Query<ApprovalsSettingsInput | undefined, ApprovalsSettingsOutput>
    /** Set who may decide on approvals in this workspace. Scope: `admin`. */
    set_settings: Mutation<ApprovalsSetSettingsInput, ApprovalsSetSettingsOutput>
  }
  events: {
    /** List events, newest first. Scope: `events:read`. */
    list: Query<EventsListInput | undefined, EventsListOutput>
    /** List the events that came after one, oldest first. Scope: `events:read`. */
    since: Query<EventsSinceInput, EventsSinceOutput>
    /** Get one event: as it came, its content, and what it started. Scope: `events:read`. */
    get: Query<EventsGetInput, EventsGetOutput>
    /** Dispatch one event again. Scope: `events:write`. */
    replay: Mutation<EventsReplayInput, EventsReplayOutput>
    /** Dispatch a range of events again, in the order in which they came. Scope: `events:write`. */
    replay_range: Mutation<EventsReplayRangeInput, EventsReplayRangeOutput>
  }
  retention: {
    /** Get how long events, deliveries and runs are kept; null means 30 days, and no limit in bytes. Scope: `events:read`. */
    get: Query<RetentionGetInput | undefined, RetentionGetOutput>
    /** Set how long events, deliveries and runs are kept. Scope: `events:write`. */
    set: Mutation<RetentionSetInput | undefined, RetentionSetOutput>
  }
  endpoints: {
    /** List the endpoints that events are sent to, newest first. Scope: `events:read`. */
    list: Query<EndpointsListInput | undefined, EndpointsListOutput>
    /** Send events to a URL. Scope: `events:write`. */
    create: Mutation<EndpointsCreateInput, EndpointsCreateOutput>
    /** Get one endpoint and its health. Scope: `events:read`. */
    get: Query<EndpointsGetInput, EndpointsGetOutput>
    /** Change, disable or enable an endpoint. Scope: `events:write`. */
    update: Mutation<EndpointsUpdateInput, EndpointsUpdateOutput>
    /** Delete an endpoint, with its waiting deliveries and its log. Scope: `events:write`. */
    delete: Mutation<EndpointsDeleteInput, EndpointsDeleteOutput>
    /** Make a new signing secret; the previous one also signs for 24 hours. Scope: `events:write`. */
    rotate: Mutation<EndpointsRotateInput, EndpointsRotateOutput>
    /** Send a hub.test event now, once, and return the answer. Scope: `events:write`. */
    test: Mutation<EndpointsTestInput, EndpointsTestOutput>
    /** Send stored events to this endpoint again, as new deliveries. Scope: `events:write`. */
    replay: Mutation<EndpointsReplayInput, EndpointsReplayOutput>
  }
  deliveries: {
    /** List deliveries to endpoints, newest first. Scope: `events:read`. */
    list: Query<DeliveriesListInput | undefined, DeliveriesListOutput>
    /** Get one delivery: each attempt with its request and response. Scope: `events:read`. */
    get: Query<DeliveriesGetInput, DeliveriesGetOutput>
    /** Send a delivery again now, under the same id. Scope: `events:write`. */
    retry: Mutation<DeliveriesRetryInput, DeliveriesRetryOutput>
    /** Count the deliveries of each endpoint by their state. Of the newest 10,000 of the workspace since a time. Endpoints without any are left out. Scope: `events:read`. */
    counts: Query<DeliveriesCountsInput | undefined, DeliveriesCountsOutput>
    /** Send all deliveries of a range again. Scope: `events:write`. */
    retry_range: Mutation<DeliveriesRetryRangeInput, DeliveriesRetryRangeOutput>
  }
  flows: {
    /** Save a flow: a new one, or a new version of the one with this id. The definition may also be the body itself, as application/yaml. Scope: `flows:write`. */
    save: Mutation<FlowsSaveInput, FlowsSaveOutput>
    /** Save a new version of this flow. The definition may also be the body itself, as application/yaml. Scope: `flows:write`. */
    replace: Mutation<FlowsReplaceInput, FlowsReplaceOutput>
    /** List the problems of a definition without saving it. The definition may also be the body itself, as application/yaml. Scope: `flows:read`. */
    check: Query<FlowsCheckInput, FlowsCheckOutput>
    /** List flows. Scope: `flows:read`. */
    list: Query<FlowsListInput | undefined, FlowsListOutput>
    /** Get one flow with its definition. Scope: `flows:read`. */
    get: Query<FlowsGetInput, FlowsGetOutput>
    /** List the versions of a flow, newest first. Scope: `flows:read`. */
    versions: Query<FlowsVersionsInput, FlowsVersionsOutput>
    /** Enable or disable a flow. Scope: `flows:write`. */
    update: Mutation<FlowsUpdateInput, FlowsUpdateOutput>
    /** Let a flow run with your rights from now on, for example because the token of whoever saved it was revoked. Scope: `flows:write`. */
    adopt: Mutation<FlowsAdoptInput, FlowsAdoptOutput>
    /** Delete a flow and cancel its unfinished runs; the records of its runs stay. Scope: `flows:write`. */
    delete: Mutation<FlowsDeleteInput, FlowsDeleteOutput>
    /** Start a run of a flow. Scope: `flows:run`. */
    trigger: Mutation<FlowsTriggerInput, FlowsTriggerOutput>
    /** Dry run of a definition that is not saved. Runs with the rights of the caller: makes reads, and shows the request of each write with what the policies say, without sending it. No version is stored. The run is kept like others, and nothing is started by its end. With `event`, needs `events:read` too. Scope: `flows:run`. */
    dry_run: Mutation<FlowsDryRunInput, FlowsDryRunOutput>
  }
  runs: {
    /** List runs, newest first. Scope: `flows:read`. */
    list: Query<RunsListInput | undefined, RunsListOutput>
    /** Get one run with its steps. Scope: `flows:read`. */
    get: Query<RunsGetInput, RunsGetOutput>
    /** Get the definition that a run carries out. Scope: `flows:read`. */
    definition: Query<RunsDefinitionInput, RunsDefinitionOutput>
    /** Cancel a run: the step that is running is the last. Scope: `flows:run`. */
    cancel: Mutation<RunsCancelInput, RunsCancelOutput>
    /** Continue a run from the step that failed; completed steps stay as they are. Scope: `flows:run`. */
    retry: Mutation<RunsRetryInput, RunsRetryOutput>
    /** Run the same again from the start, as a new run. Scope: `flows:run`. */
    replay: Mutation<RunsReplayInput, RunsReplayOutput>
    /** Follow a run as it changes. Sends `run` and `step` events with the state of each whenever it changes, and ends with the run. An event may come twice; Last-Event-ID continues where a connection was cut. Scope: `flows:read`. */
    watch: Subscription<RunsWatchInput, Change<RunEvent>>
  }
  hints: {
    /** Be told what changes in the workspace, without its data. Sends `hints` events with `hints: [{kind, id, version}]` of the kinds that the caller may read, at most four a second. An id of null means that many of the kind changed. After `ready` nothing is missed; after `resync` everything may have changed. Scope: `any`. */
    watch: Subscription<HintsWatchInput, Change<RunEvent>>
  }
  stats: {
    /** Get how many events, runs, calls and deliveries there were over time. Of at most 35 days, in about 200 points at most. Parts for which the caller lacks the scope are left out. The last seconds are added a little later. Scope: `any`. */
    get: Query<StatsGetInput | undefined, StatsGetOutput>
  }
  traces: {
    /** Get what caused something and what it caused: events, runs, steps, calls, requests, approvals, deliveries. Takes the id of a run, an event, a tool call, an approval or a delivery. What the caller has no scope for is left out. Scope: `flows:read`. */
    get: Query<TracesGetInput, TracesGetOutput>
  }
  actors: {
    /** List who can act in the workspace, by name: tokens, people and flows. At most 200 of a kind, valid and newer tokens first. Tokens need `tokens:read`, people `people:read`, flows `flows:read`: kinds for which the caller lacks the scope are left out. Scope: `any`. */
    list: Query<ActorsListInput | undefined, ActorsListOutput>
  }
  demo: {
    /** Get whether the demo systems run, and their integrations. Scope: `integrations:read`. */
    get: Query<DemoGetInput | undefined, DemoGetOutput>
    /** Start small stand-ins of GitHub, Slack and an agent, connect them, and save a flow that is ready to run. They run in this process, on loopback ports of their own that only the integrations of the demo in this workspace reach. Nothing happens twice. After a restart of the hub they have to be started again. Scope: `hub:admin`. */
    start: Mutation<DemoStartInput | undefined, DemoStartOutput>
    /** Stop the demo systems, and remove their integrations and the sample flow. Scope: `hub:admin`. */
    stop: Mutation<DemoStopInput | undefined, DemoStopOutput>
    /** Send the hub a signed sample webhook of the demo’s GitHub. Scope: `hub:admin`. */
    send_webhook: Mutation<DemoSendWebhookInput | undefined, DemoSendWebhookOutput>
  }
  buses: {
    /** List the message buses of the workspace, with their connection and what waits for them. Scope: `events:read`. */
    list: Query<BusesListInput | undefined, BusesListOutput>
    /** List the last messages that this process sent and received, newest first, without their content. Scope: `events:read`. */
    messages: Query<BusesMessagesInput | undefined, BusesMessagesOutput>
    /** Ask a message bus for an answer. Scope: `events:read`. */
    ping: Query<BusesPingInput, BusesPingOutput>
    /** Publish a message to a topic, and answer when the broker has confirmed it. Scope: `events:write`. */
    publish: Mutation<BusesPublishInput, BusesPublishOutput>
    /** Follow the messages of a topic. Sends a `message` event with `{topic, key, id, data, properties}` for each message from now on, beside those who receive them anyway. `data` is text where the content is not JSON. Scope: `events:read`. */
    tail: Subscription<BusesTailInput, Change<RunEvent>>
    /** Forget a message bus that no process is connected to any more, with everything that waits for it. Scope: `events:write`. */
    remove: Mutation<BusesRemoveInput, BusesRemoveOutput>
  }
  bulk: {
    /** Do one thing with many runs, events, deliveries or approvals. What it acts on is fixed when it starts, at most 1,000. A job does them one after the other, oldest first, each with the rights that the caller has then and each once: one during which the process died is reported as `outcome_unknown`. Needs the scope of the single operation and, with a filter, that of the list. Approvals are decided together only for one tool, which must not destroy anything; approving one that has changed since the start fails with `approval_changed`. Scope: `any`. */
    start: Mutation<BulkStartInput, BulkStartOutput>
    /** List bulk actions, newest first. Those whose subject the caller may list: `flows:read` shows those on runs, `events:read` those on events and deliveries, `approvals:read` decisions. Scope: `any`. */
    list: Query<BulkListInput | undefined, BulkListOutput>
    /** Get one bulk action: how far it is, and what failed. Scope: `any`. */
    get: Query<BulkGetInput, BulkGetOutput>
    /** Cancel a bulk action: what is being done is the last. Scope: `any`. */
    cancel: Mutation<BulkCancelInput, BulkCancelOutput>
  }
  webhooks: {
    /** List webhook deliveries that were refused, and why. Scope: `events:read`. */
    rejections: Query<WebhooksRejectionsInput | undefined, WebhooksRejectionsOutput>
    /** List what a webhook received and what it refused, newest first. Scope: `events:read`. */
    log: Query<WebhooksLogInput, WebhooksLogOutput>
    /** Show what a webhook’s transformation makes of a delivery, and who would receive the event, without effect. Scope: `events:write`. */
    preview: Query<WebhooksPreviewInput, WebhooksPreviewOutput>
    /** Send a webhook a signed sample of its outside system, which starts what a real delivery would. The sample is signed with the secret of the integration and passes every check, so it tells whether the webhook works. Each one is an event of its own, whose stored headers have hub-sample. Ask for its preview first to see which flows would start. Scope: `events:write`. */
    send_sample: Mutation<WebhooksSendSampleInput, WebhooksSendSampleOutput>
  }
}

/** The router of a hub, for `createTRPCClient<AppRouter>`. */
export type AppRouter = TRPCBuiltRouter<Types, Procedures>
