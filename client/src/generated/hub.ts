// `node client/generate.ts` writes this file from the operations of the hub.
import type { RunEvent, Options, Transport } from '../types.ts'
import { routes } from './routes.ts'
import type {
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

/** Every operation of the hub that its REST API offers. */
export interface Operations {
  readonly tokens: {
    /** List tokens, newest first; never their values. With tokens:own, only the own tokens of the person. Scope: `tokens:read`. */
    list(input?: TokensListInput, options?: Options): Promise<TokensListOutput>
    /** Create a token. Only this answer shows the value of the token. A token that a person makes belongs to that person: it may do what the role of the person covers, and ends with the membership. With tokens:own, a person makes own tokens. Scope: `tokens:write`. */
    create(input: TokensCreateInput, options?: Options): Promise<TokensCreateOutput>
    /** Revoke a token: within a second it works nowhere. Scope: `tokens:write`. */
    revoke(input: TokensRevokeInput, options?: Options): Promise<TokensRevokeOutput>
  }
  readonly users: {
    /** Who the caller is, in which workspace, and what it may do. Scope: `any`. */
    me(input?: UsersMeInput, options?: Options): Promise<UsersMeOutput>
  }
  readonly members: {
    /** List the members of the workspace with their roles. Scope: `people:read`. */
    list(input?: MembersListInput, options?: Options): Promise<MembersListOutput>
    /** Change the role of a member: within a second it applies everywhere. Nobody gives a role beyond their own rights. Only owners make owners and change them. Scope: `people:write`. */
    update(input: MembersUpdateInput, options?: Options): Promise<MembersUpdateOutput>
    /** Remove a member: their sessions, tokens and flows lose their rights here within a second. A person may leave a workspace without people:write. The last owner stays. Scope: `people:write`. */
    remove(input: MembersRemoveInput, options?: Options): Promise<MembersRemoveOutput>
  }
  readonly invitations: {
    /** List invitations to the workspace, newest first; never their links. Scope: `people:write`. */
    list(input?: InvitationsListInput, options?: Options): Promise<InvitationsListOutput>
    /** Invite somebody to the workspace. Only this answer shows the link, which works once, for seven days. With an e-mail address only the person with this address can use it. Nobody gives a role beyond their own rights. Scope: `people:write`. */
    create(input?: InvitationsCreateInput, options?: Options): Promise<InvitationsCreateOutput>
    /** Revoke an invitation that was not used yet. Scope: `people:write`. */
    revoke(input: InvitationsRevokeInput, options?: Options): Promise<InvitationsRevokeOutput>
  }
  readonly sessions: {
    /** List the own sign-in sessions or, with people:write, those of a member. Scope: `people:read`. */
    list(input?: SessionsListInput, options?: Options): Promise<SessionsListOutput>
    /** End one of the own sign-in sessions: within a second it works nowhere. Scope: `people:read`. */
    end(input: SessionsEndInput, options?: Options): Promise<SessionsEndOutput>
    /** End all sign-in sessions of a member. Scope: `people:write`. */
    endAll(input: SessionsEndAllInput, options?: Options): Promise<SessionsEndAllOutput>
  }
  readonly grants: {
    /** List what people allow apps to do for them over MCP, newest first. A person sees what they allowed themselves. What everybody in the workspace allowed needs people:read. Scope: `people:read`. */
    list(input?: GrantsListInput, options?: Options): Promise<GrantsListOutput>
    /** End what a person allows an app: within a second its tokens work nowhere. A person ends what they allowed themselves. To end what another one in the workspace allowed, people:write is needed. Scope: `people:write`. */
    revoke(input: GrantsRevokeInput, options?: Options): Promise<GrantsRevokeOutput>
  }
  readonly workspaces: {
    /** List the workspaces that this token may see. Scope: `admin`. */
    list(input?: WorkspacesListInput, options?: Options): Promise<WorkspacesListOutput>
    /** Create a workspace. Scope: `hub:admin`. */
    create(input: WorkspacesCreateInput, options?: Options): Promise<WorkspacesCreateOutput>
  }
  readonly audit: {
    /** Read the audit log, newest first. Scope: `audit:read`. */
    list(input?: AuditListInput, options?: Options): Promise<AuditListOutput>
  }
  readonly credentials: {
    /** List credentials: names, kinds and dates. Scope: `credentials:read`. */
    list(input?: CredentialsListInput, options?: Options): Promise<CredentialsListOutput>
    /** Store a new credential. Scope: `credentials:write`. */
    create(input: CredentialsCreateInput, options?: Options): Promise<CredentialsCreateOutput>
    /** Set a credential, whether it exists or not. Scope: `credentials:write`. */
    set(input: CredentialsSetInput, options?: Options): Promise<CredentialsSetOutput>
    /** Delete a credential. Scope: `credentials:write`. */
    delete(input: CredentialsDeleteInput, options?: Options): Promise<CredentialsDeleteOutput>
  }
  readonly connectors: {
    /** List what can be connected. Scope: `tools:read`. */
    list(input?: ConnectorsListInput, options?: Options): Promise<ConnectorsListOutput>
    /** Get one connector. Scope: `tools:read`. */
    get(input: ConnectorsGetInput, options?: Options): Promise<ConnectorsGetOutput>
  }
  readonly integrations: {
    /** List integrations. Scope: `integrations:read`. */
    list(input?: IntegrationsListInput, options?: Options): Promise<IntegrationsListOutput>
    /** Connect an outside system. Scope: `integrations:write`. */
    create(input: IntegrationsCreateInput, options?: Options): Promise<IntegrationsCreateOutput>
    /** Get one integration. Scope: `integrations:read`. */
    get(input: IntegrationsGetInput, options?: Options): Promise<IntegrationsGetOutput>
    /** Change, disable or enable an integration. Scope: `integrations:write`. */
    update(input: IntegrationsUpdateInput, options?: Options): Promise<IntegrationsUpdateOutput>
    /** Create or change the integration of this name. Settings of the connector and fields of its credential may also stand in the body itself: {"token": "…"} for github, {"base_url": "…", "username": "…", "api_token": "…"} for jira, {"bot_token": "…"} for slack. Scope: `integrations:write`. */
    configure(input: IntegrationsConfigureInput, options?: Options): Promise<IntegrationsConfigureOutput>
    /** Disconnect an outside system. Scope: `integrations:write`. */
    delete(input: IntegrationsDeleteInput, options?: Options): Promise<IntegrationsDeleteOutput>
    /** Test the connection. Scope: `integrations:write`. */
    test(input: IntegrationsTestInput, options?: Options): Promise<IntegrationsTestOutput>
    /** Get the health of an integration. Scope: `integrations:read`. */
    health(input: IntegrationsHealthInput, options?: Options): Promise<IntegrationsHealthOutput>
    /** Get the addresses of an integration, and what is missing to connect it and to receive its webhooks. Scope: `integrations:read`. */
    setup(input: IntegrationsSetupInput, options?: Options): Promise<IntegrationsSetupOutput>
    /** Create the webhook of an integration at its outside system, or update it. It sends to this hub and is signed with the secret of the integration, which is made if there is none. A webhook with the same URL is updated, so there is never a second one. It is a call with the credential of the integration: it also needs the scope tools:call, and policies, approvals and limits apply to it. Scope: `integrations:write`. */
    setupWebhook(input: IntegrationsSetupWebhookInput, options?: Options): Promise<IntegrationsSetupWebhookOutput>
    /** Make a link with which a person connects an integration. Whoever opens the link decides on the pages of the outside system. It works once and needs no account in the hub, so give it to nobody else. GET /api/v1/connections/{id} says how it went. Scope: `integrations:write`. */
    connect(input: IntegrationsConnectInput, options?: Options): Promise<IntegrationsConnectOutput>
    /** Connect an integration with a code that a person enters at the outside system. Scope: `integrations:write`. */
    connectDevice(input: IntegrationsConnectDeviceInput, options?: Options): Promise<IntegrationsConnectDeviceOutput>
    /** Sync all sources of an integration now. Scope: `integrations:write`. */
    syncIntegration(input: IntegrationsSyncIntegrationInput, options?: Options): Promise<IntegrationsSyncIntegrationOutput>
    /** Sync all sources of the workspace now. Scope: `integrations:write`. */
    syncAllIntegrations(input?: IntegrationsSyncAllIntegrationsInput, options?: Options): Promise<IntegrationsSyncAllIntegrationsOutput>
    /** See how changes of an integration’s content are noticed. Scope: `integrations:read`. */
    monitoring(input: IntegrationsMonitoringInput, options?: Options): Promise<IntegrationsMonitoringOutput>
    /** Change how changes of an integration’s content are noticed. Scope: `integrations:write`. */
    setMonitoring(input: IntegrationsSetMonitoringInput, options?: Options): Promise<IntegrationsSetMonitoringOutput>
  }
  readonly connections: {
    /** Get how an attempt to connect stands. Scope: `integrations:read`. */
    get(input: ConnectionsGetInput, options?: Options): Promise<ConnectionsGetOutput>
    /** Choose one of several sites that a person allowed. For attempts that the caller began and completes itself. Where a person began in a browser, they choose there. Scope: `integrations:write`. */
    choose(input: ConnectionsChooseInput, options?: Options): Promise<ConnectionsChooseOutput>
    /** Revoke a link, or end an attempt to connect. Scope: `integrations:write`. */
    cancel(input: ConnectionsCancelInput, options?: Options): Promise<ConnectionsCancelOutput>
  }
  readonly sources: {
    /** Keep content of an integration in sync, such as the issues of a repository. The first sync starts at once. What an integration has to sync, with its settings, is in `GET /api/v1/connectors/{name}`. Scope: `integrations:write`. */
    create(input: SourcesCreateInput, options?: Options): Promise<SourcesCreateOutput>
    /** List what is kept in sync, newest first. Scope: `integrations:read`. */
    list(input?: SourcesListInput, options?: Options): Promise<SourcesListOutput>
    /** Get a source with the state of its latest sync. Scope: `integrations:read`. */
    get(input: SourcesGetInput, options?: Options): Promise<SourcesGetOutput>
    /** List the syncs of a source, newest first. Scope: `integrations:read`. */
    syncs(input: SourcesSyncsInput, options?: Options): Promise<SourcesSyncsOutput>
    /** List the items of a source that could not be read. Scope: `integrations:read`. */
    failures(input: SourcesFailuresInput, options?: Options): Promise<SourcesFailuresOutput>
    /** Sync a source now. Scope: `integrations:write`. */
    sync(input: SourcesSyncInput, options?: Options): Promise<SourcesSyncOutput>
    /** Pause a source: a running sync stops after its page. Scope: `integrations:write`. */
    pause(input: SourcesPauseInput, options?: Options): Promise<SourcesPauseOutput>
    /** Let a paused source go on. Scope: `integrations:write`. */
    resume(input: SourcesResumeInput, options?: Options): Promise<SourcesResumeOutput>
    /** End the sync of a source; what it has read stays. Scope: `integrations:write`. */
    cancel(input: SourcesCancelInput, options?: Options): Promise<SourcesCancelOutput>
    /** Try the items that could not be read again now. Scope: `integrations:write`. */
    retryFailures(input: SourcesRetryFailuresInput, options?: Options): Promise<SourcesRetryFailuresOutput>
    /** Delete a source: its content is in no answer any more, and is deleted in the background. Scope: `integrations:write`. */
    delete(input: SourcesDeleteInput, options?: Options): Promise<SourcesDeleteOutput>
  }
  readonly identities: {
    /** List who people and tokens are in outside systems. Scope: `people:read`. */
    list(input?: IdentitiesListInput, options?: Options): Promise<IdentitiesListOutput>
    /** Say who a person or a token is in an outside system. They then find the content that this user may read there. Scope: `people:write`. */
    add(input: IdentitiesAddInput, options?: Options): Promise<IdentitiesAddOutput>
    /** Take back who a person or a token is in an outside system. Scope: `people:write`. */
    remove(input: IdentitiesRemoveInput, options?: Options): Promise<IdentitiesRemoveOutput>
  }
  readonly search: {
    /** Search the synced content of the workspace, as far as the caller may read it. Scope: `content:read`. */
    query(input: SearchQueryInput, options?: Options): Promise<SearchQueryOutput>
  }
  readonly documents: {
    /** List synced documents, newest first. Scope: `content:read`. */
    list(input?: DocumentsListInput, options?: Options): Promise<DocumentsListOutput>
    /** Get a synced document, or some lines of it. Scope: `content:read`. */
    get(input: DocumentsGetInput, options?: Options): Promise<DocumentsGetOutput>
    /** Get the headings of a synced document, with their lines. Scope: `content:read`. */
    outline(input: DocumentsOutlineInput, options?: Options): Promise<DocumentsOutlineOutput>
    /** List the chunks of a synced document, as search sees them. Scope: `content:read`. */
    chunks(input: DocumentsChunksInput, options?: Options): Promise<DocumentsChunksOutput>
    /** Say whether a found document was of use. What was of use comes up earlier in later searches, what was wrong later. Scope: `content:read`. */
    feedback(input: DocumentsFeedbackInput, options?: Options): Promise<DocumentsFeedbackOutput>
  }
  readonly tools: {
    /** Find tools. Scope: `tools:read`. */
    list(input?: ToolsListInput, options?: Options): Promise<ToolsListOutput>
    /** Get one tool with its schemas and an example. Scope: `tools:read`. */
    get(input: ToolsGetInput, options?: Options): Promise<ToolsGetOutput>
    /** Call a tool. Scope: `tools:call:*`. */
    call(input: ToolsCallInput, options?: Options): Promise<ToolsCallOutput>
    /** List all tools and their aliases, in the older form of the API. Scope: `tools:read`. */
    registry(input?: ToolsRegistryInput, options?: Options): Promise<ToolsRegistryOutput>
    /** Get TypeScript declarations of tools, for scripts. Scope: `tools:read`. */
    types(input?: ToolsTypesInput, options?: Options): Promise<ToolsTypesOutput>
  }
  readonly scripts: {
    /** Run a script that calls tools. JavaScript in a sandbox: the body of an async function of `input`, `tools` and `console`. Every tool that you may call is an async function. Scope: `tools:call:*`. */
    run(input: ScriptsRunInput, options?: Options): Promise<ScriptsRunOutput>
  }
  readonly invocations: {
    /** List tool calls, newest first. Scope: `invocations:read`. */
    list(input?: InvocationsListInput, options?: Options): Promise<InvocationsListOutput>
    /** Get one tool call with its input and outcome. Scope: `invocations:read`. */
    get(input: InvocationsGetInput, options?: Options): Promise<InvocationsGetOutput>
    /** Read the rest of a result that was truncated. Scope: `invocations:read`. */
    readResult(input: InvocationsReadResultInput, options?: Options): Promise<InvocationsReadResultOutput>
    /** Cancel a tool call that was queued. A call that has not begun ends as `failed` with `cancelled`. One that is running is aborted: a write that was sent already ends `outcome_unknown`. One that has ended stays as it is. Scope: `admin`. */
    cancel(input: InvocationsCancelInput, options?: Options): Promise<InvocationsCancelOutput>
    /** Undo a tool call. Makes the call that reverses it, with the rights of whoever asks: policies, approvals and limits apply to that call, and the journal has it with `undoes`. A token undoes its own calls, and with `invocations:read` those of others. Undoing twice acts once. `undo_impossible` says why a call cannot be undone, `undo_conflict` what was changed since. Scope: `tools:call:*`. */
    undo(input: InvocationsUndoInput, options?: Options): Promise<InvocationsUndoOutput>
  }
  readonly policies: {
    /** Get the rules for tool calls. Scope: `admin`. */
    get(input?: PoliciesGetInput, options?: Options): Promise<PoliciesGetOutput>
    /** Set the rules for tool calls: the first rule that matches decides. Parts that are left out stay as they are. Scope: `admin`. */
    set(input?: PoliciesSetInput, options?: Options): Promise<PoliciesSetOutput>
  }
  readonly approvals: {
    /** List approvals, newest first. Scope: `approvals:read`. */
    list(input?: ApprovalsListInput, options?: Options): Promise<ApprovalsListOutput>
    /** Get one approval with the call that it is about. Scope: `approvals:read`. */
    get(input: ApprovalsGetInput, options?: Options): Promise<ApprovalsGetOutput>
    /** Approve or reject. Scope: `approvals:write`. */
    decide(input: ApprovalsDecideInput, options?: Options): Promise<ApprovalsDecideOutput>
    /** Get who may decide on approvals in this workspace. Scope: `approvals:read`. */
    settings(input?: ApprovalsSettingsInput, options?: Options): Promise<ApprovalsSettingsOutput>
    /** Set who may decide on approvals in this workspace. Scope: `admin`. */
    setSettings(input: ApprovalsSetSettingsInput, options?: Options): Promise<ApprovalsSetSettingsOutput>
  }
  readonly events: {
    /** List events, newest first. Scope: `events:read`. */
    list(input?: EventsListInput, options?: Options): Promise<EventsListOutput>
    /** List the events that came after one, oldest first. Scope: `events:read`. */
    since(input: EventsSinceInput, options?: Options): Promise<EventsSinceOutput>
    /** Get one event: as it came, its content, and what it started. Scope: `events:read`. */
    get(input: EventsGetInput, options?: Options): Promise<EventsGetOutput>
    /** Dispatch one event again. Scope: `events:write`. */
    replay(input: EventsReplayInput, options?: Options): Promise<EventsReplayOutput>
    /** Dispatch a range of events again, in the order in which they came. Scope: `events:write`. */
    replayRange(input: EventsReplayRangeInput, options?: Options): Promise<EventsReplayRangeOutput>
  }
  readonly retention: {
    /** Get how long events, deliveries and runs are kept; null means 30 days, and no limit in bytes. Scope: `events:read`. */
    get(input?: RetentionGetInput, options?: Options): Promise<RetentionGetOutput>
    /** Set how long events, deliveries and runs are kept. Scope: `events:write`. */
    set(input?: RetentionSetInput, options?: Options): Promise<RetentionSetOutput>
  }
  readonly endpoints: {
    /** List the endpoints that events are sent to, newest first. Scope: `events:read`. */
    list(input?: EndpointsListInput, options?: Options): Promise<EndpointsListOutput>
    /** Send events to a URL. Scope: `events:write`. */
    create(input: EndpointsCreateInput, options?: Options): Promise<EndpointsCreateOutput>
    /** Get one endpoint and its health. Scope: `events:read`. */
    get(input: EndpointsGetInput, options?: Options): Promise<EndpointsGetOutput>
    /** Change, disable or enable an endpoint. Scope: `events:write`. */
    update(input: EndpointsUpdateInput, options?: Options): Promise<EndpointsUpdateOutput>
    /** Delete an endpoint, with its waiting deliveries and its log. Scope: `events:write`. */
    delete(input: EndpointsDeleteInput, options?: Options): Promise<EndpointsDeleteOutput>
    /** Make a new signing secret; the previous one also signs for 24 hours. Scope: `events:write`. */
    rotate(input: EndpointsRotateInput, options?: Options): Promise<EndpointsRotateOutput>
    /** Send a hub.test event now, once, and return the answer. Scope: `events:write`. */
    test(input: EndpointsTestInput, options?: Options): Promise<EndpointsTestOutput>
    /** Send stored events to this endpoint again, as new deliveries. Scope: `events:write`. */
    replay(input: EndpointsReplayInput, options?: Options): Promise<EndpointsReplayOutput>
  }
  readonly deliveries: {
    /** List deliveries to endpoints, newest first. Scope: `events:read`. */
    list(input?: DeliveriesListInput, options?: Options): Promise<DeliveriesListOutput>
    /** Get one delivery: each attempt with its request and response. Scope: `events:read`. */
    get(input: DeliveriesGetInput, options?: Options): Promise<DeliveriesGetOutput>
    /** Send a delivery again now, under the same id. Scope: `events:write`. */
    retry(input: DeliveriesRetryInput, options?: Options): Promise<DeliveriesRetryOutput>
    /** Count the deliveries of each endpoint by their state. Of the newest 10,000 of the workspace since a time. Endpoints without any are left out. Scope: `events:read`. */
    counts(input?: DeliveriesCountsInput, options?: Options): Promise<DeliveriesCountsOutput>
    /** Send all deliveries of a range again. Scope: `events:write`. */
    retryRange(input: DeliveriesRetryRangeInput, options?: Options): Promise<DeliveriesRetryRangeOutput>
  }
  readonly flows: {
    /** Save a flow: a new one, or a new version of the one with this id. The definition may also be the body itself, as application/yaml. Scope: `flows:write`. */
    save(input: FlowsSaveInput, options?: Options): Promise<FlowsSaveOutput>
    /** Save a new version of this flow. The definition may also be the body itself, as application/yaml. Scope: `flows:write`. */
    replace(input: FlowsReplaceInput, options?: Options): Promise<FlowsReplaceOutput>
    /** List the problems of a definition without saving it. The definition may also be the body itself, as application/yaml. Scope: `flows:read`. */
    check(input: FlowsCheckInput, options?: Options): Promise<FlowsCheckOutput>
    /** List flows. Scope: `flows:read`. */
    list(input?: FlowsListInput, options?: Options): Promise<FlowsListOutput>
    /** Get one flow with its definition. Scope: `flows:read`. */
    get(input: FlowsGetInput, options?: Options): Promise<FlowsGetOutput>
    /** List the versions of a flow, newest first. Scope: `flows:read`. */
    versions(input: FlowsVersionsInput, options?: Options): Promise<FlowsVersionsOutput>
    /** Enable or disable a flow. Scope: `flows:write`. */
    update(input: FlowsUpdateInput, options?: Options): Promise<FlowsUpdateOutput>
    /** Let a flow run with your rights from now on, for example because the token of whoever saved it was revoked. Scope: `flows:write`. */
    adopt(input: FlowsAdoptInput, options?: Options): Promise<FlowsAdoptOutput>
    /** Delete a flow and cancel its unfinished runs; the records of its runs stay. Scope: `flows:write`. */
    delete(input: FlowsDeleteInput, options?: Options): Promise<FlowsDeleteOutput>
    /** Start a run of a flow. Scope: `flows:run`. */
    trigger(input: FlowsTriggerInput, options?: Options): Promise<FlowsTriggerOutput>
    /** Dry run of a definition that is not saved. Runs with the rights of the caller: makes reads, and shows the request of each write with what the policies say, without sending it. No version is stored. The run is kept like others, and nothing is started by its end. With `event`, needs `events:read` too. Scope: `flows:run`. */
    dryRun(input: FlowsDryRunInput, options?: Options): Promise<FlowsDryRunOutput>
  }
  readonly runs: {
    /** List runs, newest first. Scope: `flows:read`. */
    list(input?: RunsListInput, options?: Options): Promise<RunsListOutput>
    /** Get one run with its steps. Scope: `flows:read`. */
    get(input: RunsGetInput, options?: Options): Promise<RunsGetOutput>
    /** Get the definition that a run carries out. Scope: `flows:read`. */
    definition(input: RunsDefinitionInput, options?: Options): Promise<RunsDefinitionOutput>
    /** Cancel a run: the step that is running is the last. Scope: `flows:run`. */
    cancel(input: RunsCancelInput, options?: Options): Promise<RunsCancelOutput>
    /** Continue a run from the step that failed; completed steps stay as they are. Scope: `flows:run`. */
    retry(input: RunsRetryInput, options?: Options): Promise<RunsRetryOutput>
    /** Run the same again from the start, as a new run. Scope: `flows:run`. */
    replay(input: RunsReplayInput, options?: Options): Promise<RunsReplayOutput>
    /** Follow a run as it changes. Sends `run` and `step` events with the state of each whenever it changes, and ends with the run. An event may come twice; Last-Event-ID continues where a connection was cut. Scope: `flows:read`. */
    watch(input: RunsWatchInput, options?: Options): AsyncGenerator<RunEvent, void>
  }
  readonly hints: {
    /** Be told what changes in the workspace, without its data. Sends `hints` events with `hints: [{kind, id, version}]` of the kinds that the caller may read, at most four a second. An id of null means that many of the kind changed. After `ready` nothing is missed; after `resync` everything may have changed. Scope: `any`. */
    watch(input?: HintsWatchInput, options?: Options): AsyncGenerator<RunEvent, void>
  }
  readonly stats: {
    /** Get how many events, runs, calls and deliveries there were over time. Of at most 35 days, in about 200 points at most. Parts for which the caller lacks the scope are left out. The last seconds are added a little later. Scope: `any`. */
    get(input?: StatsGetInput, options?: Options): Promise<StatsGetOutput>
  }
  readonly traces: {
    /** Get what caused something and what it caused: events, runs, steps, calls, requests, approvals, deliveries. Takes the id of a run, an event, a tool call, an approval or a delivery. What the caller has no scope for is left out. Scope: `flows:read`. */
    get(input: TracesGetInput, options?: Options): Promise<TracesGetOutput>
  }
  readonly actors: {
    /** List who can act in the workspace, by name: tokens, people and flows. At most 200 of a kind, valid and newer tokens first. Tokens need `tokens:read`, people `people:read`, flows `flows:read`: kinds for which the caller lacks the scope are left out. Scope: `any`. */
    list(input?: ActorsListInput, options?: Options): Promise<ActorsListOutput>
  }
  readonly demo: {
    /** Get whether the demo systems run, and their integrations. Scope: `integrations:read`. */
    get(input?: DemoGetInput, options?: Options): Promise<DemoGetOutput>
    /** Start small stand-ins of GitHub, Slack and an agent, connect them, and save a flow that is ready to run. They run in this process, on loopback ports of their own that only the integrations of the demo in this workspace reach. Nothing happens twice. After a restart of the hub they have to be started again. Scope: `hub:admin`. */
    start(input?: DemoStartInput, options?: Options): Promise<DemoStartOutput>
    /** Stop the demo systems, and remove their integrations and the sample flow. Scope: `hub:admin`. */
    stop(input?: DemoStopInput, options?: Options): Promise<DemoStopOutput>
    /** Send the hub a signed sample webhook of the demo’s GitHub. Scope: `hub:admin`. */
    sendWebhook(input?: DemoSendWebhookInput, options?: Options): Promise<DemoSendWebhookOutput>
  }
  readonly buses: {
    /** List the message buses of the workspace, with their connection and what waits for them. Scope: `events:read`. */
    list(input?: BusesListInput, options?: Options): Promise<BusesListOutput>
    /** List the last messages that this process sent and received, newest first, without their content. Scope: `events:read`. */
    messages(input?: BusesMessagesInput, options?: Options): Promise<BusesMessagesOutput>
    /** Ask a message bus for an answer. Scope: `events:read`. */
    ping(input: BusesPingInput, options?: Options): Promise<BusesPingOutput>
    /** Publish a message to a topic, and answer when the broker has confirmed it. Scope: `events:write`. */
    publish(input: BusesPublishInput, options?: Options): Promise<BusesPublishOutput>
    /** Follow the messages of a topic. Sends a `message` event with `{topic, key, id, data, properties}` for each message from now on, beside those who receive them anyway. `data` is text where the content is not JSON. Scope: `events:read`. */
    tail(input: BusesTailInput, options?: Options): AsyncGenerator<RunEvent, void>
    /** Forget a message bus that no process is connected to any more, with everything that waits for it. Scope: `events:write`. */
    remove(input: BusesRemoveInput, options?: Options): Promise<BusesRemoveOutput>
  }
  readonly bulk: {
    /** Do one thing with many runs, events, deliveries or approvals. What it acts on is fixed when it starts, at most 1,000. A job does them one after the other, oldest first, each with the rights that the caller has then and each once: one during which the process died is reported as `outcome_unknown`. Needs the scope of the single operation and, with a filter, that of the list. Approvals are decided together only for one tool, which must not destroy anything; approving one that has changed since the start fails with `approval_changed`. Scope: `any`. */
    start(input: BulkStartInput, options?: Options): Promise<BulkStartOutput>
    /** List bulk actions, newest first. Those whose subject the caller may list: `flows:read` shows those on runs, `events:read` those on events and deliveries, `approvals:read` decisions. Scope: `any`. */
    list(input?: BulkListInput, options?: Options): Promise<BulkListOutput>
    /** Get one bulk action: how far it is, and what failed. Scope: `any`. */
    get(input: BulkGetInput, options?: Options): Promise<BulkGetOutput>
    /** Cancel a bulk action: what is being done is the last. Scope: `any`. */
    cancel(input: BulkCancelInput, options?: Options): Promise<BulkCancelOutput>
  }
  readonly webhooks: {
    /** List webhook deliveries that were refused, and why. Scope: `events:read`. */
    rejections(input?: WebhooksRejectionsInput, options?: Options): Promise<WebhooksRejectionsOutput>
    /** List what a webhook received and what it refused, newest first. Scope: `events:read`. */
    log(input: WebhooksLogInput, options?: Options): Promise<WebhooksLogOutput>
    /** Show what a webhook’s transformation makes of a delivery, and who would receive the event, without effect. Scope: `events:write`. */
    preview(input: WebhooksPreviewInput, options?: Options): Promise<WebhooksPreviewOutput>
    /** Send a webhook a signed sample of its outside system, which starts what a real delivery would. The sample is signed with the secret of the integration and passes every check, so it tells whether the webhook works. Each one is an event of its own, whose stored headers have hub-sample. Ask for its preview first to see which flows would start. Scope: `events:write`. */
    sendSample(input: WebhooksSendSampleInput, options?: Options): Promise<WebhooksSendSampleOutput>
  }
}

export function operationsOf({ send, watch }: Transport): Operations {
  return {
    tokens: {
      list: (input, options) => send<TokensListOutput>(routes['tokens.list'], input, options),
      create: (input, options) => send<TokensCreateOutput>(routes['tokens.create'], input, options),
      revoke: (input, options) => send<TokensRevokeOutput>(routes['tokens.revoke'], input, options),
    },
    users: {
      me: (input, options) => send<UsersMeOutput>(routes['users.me'], input, options),
    },
    members: {
      list: (input, options) => send<MembersListOutput>(routes['members.list'], input, options),
      update: (input, options) => send<MembersUpdateOutput>(routes['members.update'], input, options),
      remove: (input, options) => send<MembersRemoveOutput>(routes['members.remove'], input, options),
    },
    invitations: {
      list: (input, options) => send<InvitationsListOutput>(routes['invitations.list'], input, options),
      create: (input, options) => send<InvitationsCreateOutput>(routes['invitations.create'], input, options),
      revoke: (input, options) => send<InvitationsRevokeOutput>(routes['invitations.revoke'], input, options),
    },
    sessions: {
      list: (input, options) => send<SessionsListOutput>(routes['sessions.list'], input, options),
      end: (input, options) => send<SessionsEndOutput>(routes['sessions.end'], input, options),
      endAll: (input, options) => send<SessionsEndAllOutput>(routes['sessions.end_all'], input, options),
    },
    grants: {
      list: (input, options) => send<GrantsListOutput>(routes['grants.list'], input, options),
      revoke: (input, options) => send<GrantsRevokeOutput>(routes['grants.revoke'], input, options),
    },
    workspaces: {
      list: (input, options) => send<WorkspacesListOutput>(routes['workspaces.list'], input, options),
      create: (input, options) => send<WorkspacesCreateOutput>(routes['workspaces.create'], input, options),
    },
    audit: {
      list: (input, options) => send<AuditListOutput>(routes['audit.list'], input, options),
    },
    credentials: {
      list: (input, options) => send<CredentialsListOutput>(routes['credentials.list'], input, options),
      create: (input, options) => send<CredentialsCreateOutput>(routes['credentials.create'], input, options),
      set: (input, options) => send<CredentialsSetOutput>(routes['credentials.set'], input, options),
      delete: (input, options) => send<CredentialsDeleteOutput>(routes['credentials.delete'], input, options),
    },
    connectors: {
      list: (input, options) => send<ConnectorsListOutput>(routes['connectors.list'], input, options),
      get: (input, options) => send<ConnectorsGetOutput>(routes['connectors.get'], input, options),
    },
    integrations: {
      list: (input, options) => send<IntegrationsListOutput>(routes['integrations.list'], input, options),
      create: (input, options) => send<IntegrationsCreateOutput>(routes['integrations.create'], input, options),
      get: (input, options) => send<IntegrationsGetOutput>(routes['integrations.get'], input, options),
      update: (input, options) => send<IntegrationsUpdateOutput>(routes['integrations.update'], input, options),
      configure: (input, options) => send<IntegrationsConfigureOutput>(routes['integrations.configure'], input, options),
      delete: (input, options) => send<IntegrationsDeleteOutput>(routes['integrations.delete'], input, options),
      test: (input, options) => send<IntegrationsTestOutput>(routes['integrations.test'], input, options),
      health: (input, options) => send<IntegrationsHealthOutput>(routes['integrations.health'], input, options),
      setup: (input, options) => send<IntegrationsSetupOutput>(routes['integrations.setup'], input, options),
      setupWebhook: (input, options) => send<IntegrationsSetupWebhookOutput>(routes['integrations.setup_webhook'], input, options),
      connect: (input, options) => send<IntegrationsConnectOutput>(routes['integrations.connect'], input, options),
      connectDevice: (input, options) => send<IntegrationsConnectDeviceOutput>(routes['integrations.connect_device'], input, options),
      syncIntegration: (input, options) => send<IntegrationsSyncIntegrationOutput>(routes['integrations.syncIntegration'], input, options),
      syncAllIntegrations: (input, options) =>
        send<IntegrationsSyncAllIntegrationsOutput>(routes['integrations.syncAllIntegrations'], input, options),
      monitoring: (input, options) => send<IntegrationsMonitoringOutput>(routes['integrations.monitoring'], input, options),
      setMonitoring: (input, options) => send<IntegrationsSetMonitoringOutput>(routes['integrations.setMonitoring'], input, options),
    },
    connections: {
      get: (input, options) => send<ConnectionsGetOutput>(routes['connections.get'], input, options),
      choose: (input, options) => send<ConnectionsChooseOutput>(routes['connections.choose'], input, options),
      cancel: (input, options) => send<ConnectionsCancelOutput>(routes['connections.cancel'], input, options),
    },
    sources: {
      create: (input, options) => send<SourcesCreateOutput>(routes['sources.create'], input, options),
      list: (input, options) => send<SourcesListOutput>(routes['sources.list'], input, options),
      get: (input, options) => send<SourcesGetOutput>(routes['sources.get'], input, options),
      syncs: (input, options) => send<SourcesSyncsOutput>(routes['sources.syncs'], input, options),
      failures: (input, options) => send<SourcesFailuresOutput>(routes['sources.failures'], input, options),
      sync: (input, options) => send<SourcesSyncOutput>(routes['sources.sync'], input, options),
      pause: (input, options) => send<SourcesPauseOutput>(routes['sources.pause'], input, options),
      resume: (input, options) => send<SourcesResumeOutput>(routes['sources.resume'], input, options),
      cancel: (input, options) => send<SourcesCancelOutput>(routes['sources.cancel'], input, options),
      retryFailures: (input, options) => send<SourcesRetryFailuresOutput>(routes['sources.retryFailures'], input, options),
      delete: (input, options) => send<SourcesDeleteOutput>(routes['sources.delete'], input, options),
    },
    identities: {
      list: (input, options) => send<IdentitiesListOutput>(routes['identities.list'], input, options),
      add: (input, options) => send<IdentitiesAddOutput>(routes['identities.add'], input, options),
      remove: (input, options) => send<IdentitiesRemoveOutput>(routes['identities.remove'], input, options),
    },
    search: {
      query: (input, options) => send<SearchQueryOutput>(routes['search.query'], input, options),
    },
    documents: {
      list: (input, options) => send<DocumentsListOutput>(routes['documents.list'], input, options),
      get: (input, options) => send<DocumentsGetOutput>(routes['documents.get'], input, options),
      outline: (input, options) => send<DocumentsOutlineOutput>(routes['documents.outline'], input, options),
      chunks: (input, options) => send<DocumentsChunksOutput>(routes['documents.chunks'], input, options),
      feedback: (input, options) => send<DocumentsFeedbackOutput>(routes['documents.feedback'], input, options),
    },
    tools: {
      list: (input, options) => send<ToolsListOutput>(routes['tools.list'], input, options),
      get: (input, options) => send<ToolsGetOutput>(routes['tools.get'], input, options),
      call: (input, options) => send<ToolsCallOutput>(routes['tools.call'], input, options),
      registry: (input, options) => send<ToolsRegistryOutput>(routes['tools.registry'], input, options),
      types: (input, options) => send<ToolsTypesOutput>(routes['tools.types'], input, options),
    },
    scripts: {
      run: (input, options) => send<ScriptsRunOutput>(routes['scripts.run'], input, options),
    },
    invocations: {
      list: (input, options) => send<InvocationsListOutput>(routes['invocations.list'], input, options),
      get: (input, options) => send<InvocationsGetOutput>(routes['invocations.get'], input, options),
      readResult: (input, options) => send<InvocationsReadResultOutput>(routes['invocations.read_result'], input, options),
      cancel: (input, options) => send<InvocationsCancelOutput>(routes['invocations.cancel'], input, options),
      undo: (input, options) => send<InvocationsUndoOutput>(routes['invocations.undo'], input, options),
    },
    policies: {
      get: (input, options) => send<PoliciesGetOutput>(routes['policies.get'], input, options),
      set: (input, options) => send<PoliciesSetOutput>(routes['policies.set'], input, options),
    },
    approvals: {
      list: (input, options) => send<ApprovalsListOutput>(routes['approvals.list'], input, options),
      get: (input, options) => send<ApprovalsGetOutput>(routes['approvals.get'], input, options),
      decide: (input, options) => send<ApprovalsDecideOutput>(routes['approvals.decide'], input, options),
      settings: (input, options) => send<ApprovalsSettingsOutput>(routes['approvals.settings'], input, options),
      setSettings: (input, options) => send<ApprovalsSetSettingsOutput>(routes['approvals.set_settings'], input, options),
    },
    events: {
      list: (input, options) => send<EventsListOutput>(routes['events.list'], input, options),
      since: (input, options) => send<EventsSinceOutput>(routes['events.since'], input, options),
      get: (input, options) => send<EventsGetOutput>(routes['events.get'], input, options),
      replay: (input, options) => send<EventsReplayOutput>(routes['events.replay'], input, options),
      replayRange: (input, options) => send<EventsReplayRangeOutput>(routes['events.replay_range'], input, options),
    },
    retention: {
      get: (input, options) => send<RetentionGetOutput>(routes['retention.get'], input, options),
      set: (input, options) => send<RetentionSetOutput>(routes['retention.set'], input, options),
    },
    endpoints: {
      list: (input, options) => send<EndpointsListOutput>(routes['endpoints.list'], input, options),
      create: (input, options) => send<EndpointsCreateOutput>(routes['endpoints.create'], input, options),
      get: (input, options) => send<EndpointsGetOutput>(routes['endpoints.get'], input, options),
      update: (input, options) => send<EndpointsUpdateOutput>(routes['endpoints.update'], input, options),
      delete: (input, options) => send<EndpointsDeleteOutput>(routes['endpoints.delete'], input, options),
      rotate: (input, options) => send<EndpointsRotateOutput>(routes['endpoints.rotate'], input, options),
      test: (input, options) => send<EndpointsTestOutput>(routes['endpoints.test'], input, options),
      replay: (input, options) => send<EndpointsReplayOutput>(routes['endpoints.replay'], input, options),
    },
    deliveries: {
      list: (input, options) => send<DeliveriesListOutput>(routes['deliveries.list'], input, options),
      get: (input, options) => send<DeliveriesGetOutput>(routes['deliveries.get'], input, options),
      retry: (input, options) => send<DeliveriesRetryOutput>(routes['deliveries.retry'], input, options),
      counts: (input, options) => send<DeliveriesCountsOutput>(routes['deliveries.counts'], input, options),
      retryRange: (input, options) => send<DeliveriesRetryRangeOutput>(routes['deliveries.retry_range'], input, options),
    },
    flows: {
      save: (input, options) => send<FlowsSaveOutput>(routes['flows.save'], input, options),
      replace: (input, options) => send<FlowsReplaceOutput>(routes['flows.replace'], input, options),
      check: (input, options) => send<FlowsCheckOutput>(routes['flows.check'], input, options),
      list: (input, options) => send<FlowsListOutput>(routes['flows.list'], input, options),
      get: (input, options) => send<FlowsGetOutput>(routes['flows.get'], input, options),
      versions: (input, options) => send<FlowsVersionsOutput>(routes['flows.versions'], input, options),
      update: (input, options) => send<FlowsUpdateOutput>(routes['flows.update'], input, options),
      adopt: (input, options) => send<FlowsAdoptOutput>(routes['flows.adopt'], input, options),
      delete: (input, options) => send<FlowsDeleteOutput>(routes['flows.delete'], input, options),
      trigger: (input, options) => send<FlowsTriggerOutput>(routes['flows.trigger'], input, options),
      dryRun: (input, options) => send<FlowsDryRunOutput>(routes['flows.dry_run'], input, options),
    },
    runs: {
      list: (input, options) => send<RunsListOutput>(routes['runs.list'], input, options),
      get: (input, options) => send<RunsGetOutput>(routes['runs.get'], input, options),
      definition: (input, options) => send<RunsDefinitionOutput>(routes['runs.definition'], input, options),
      cancel: (input, options) => send<RunsCancelOutput>(routes['runs.cancel'], input, options),
      retry: (input, options) => send<RunsRetryOutput>(routes['runs.retry'], input, options),
      replay: (input, options) => send<RunsReplayOutput>(routes['runs.replay'], input, options),
      watch: (input, options) => watch(routes['runs.watch'], input, options),
    },
    hints: {
      watch: (input, options) => watch(routes['hints.watch'], input, options),
    },
    stats: {
      get: (input, options) => send<StatsGetOutput>(routes['stats.get'], input, options),
    },
    traces: {
      get: (input, options) => send<TracesGetOutput>(routes['traces.get'], input, options),
    },
    actors: {
      list: (input, options) => send<ActorsListOutput>(routes['actors.list'], input, options),
    },
    demo: {
      get: (input, options) => send<DemoGetOutput>(routes['demo.get'], input, options),
      start: (input, options) => send<DemoStartOutput>(routes['demo.start'], input, options),
      stop: (input, options) => send<DemoStopOutput>(routes['demo.stop'], input, options),
      sendWebhook: (input, options) => send<DemoSendWebhookOutput>(routes['demo.send_webhook'], input, options),
    },
    buses: {
      list: (input, options) => send<BusesListOutput>(routes['buses.list'], input, options),
      messages: (input, options) => send<BusesMessagesOutput>(routes['buses.messages'], input, options),
      ping: (input, options) => send<BusesPingOutput>(routes['buses.ping'], input, options),
      publish: (input, options) => send<BusesPublishOutput>(routes['buses.publish'], input, options),
      tail: (input, options) => watch(routes['buses.tail'], input, options),
      remove: (input, options) => send<BusesRemoveOutput>(routes['buses.remove'], input, options),
    },
    bulk: {
      start: (input, options) => send<BulkStartOutput>(routes['bulk.start'], input, options),
      list: (input, options) => send<BulkListOutput>(routes['bulk.list'], input, options),
      get: (input, options) => send<BulkGetOutput>(routes['bulk.get'], input, options),
      cancel: (input, options) => send<BulkCancelOutput>(routes['bulk.cancel'], input, options),
    },
    webhooks: {
      rejections: (input, options) => send<WebhooksRejectionsOutput>(routes['webhooks.rejections'], input, options),
      log: (input, options) => send<WebhooksLogOutput>(routes['webhooks.log'], input, options),
      preview: (input, options) => send<WebhooksPreviewOutput>(routes['webhooks.preview'], input, options),
      sendSample: (input, options) => send<WebhooksSendSampleOutput>(routes['webhooks.send_sample'], input, options),
    },
  }
}
