// `node client/generate.ts` writes this file from the operations of the hub.
export type ErrorCode =
  | 'bad_json'
  | 'invalid_input'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'headers_too_large'
  | 'request_timeout'
  | 'origin_refused'
  | 'method_not_allowed'
  | 'not_found'
  | 'token_missing'
  | 'token_invalid'
  | 'session_ended'
  | 'link_invalid'
  | 'scope_missing'
  | 'bodies_in_flight'
  | 'streams_limited'
  | 'too_many_attempts'
  | 'webhook_refused'
  | 'already_exists'
  | 'last_owner'
  | 'in_use'
  | 'approval_decided'
  | 'approval_changed'
  | 'bulk_too_many'
  | 'bulk_changed'
  | 'command_invalid'
  | 'bus_unknown'
  | 'bus_unavailable'
  | 'demo_not_running'
  | 'demo_unavailable'
  | 'credential_missing'
  | 'key_unknown'
  | 'seal_broken'
  | 'vault_sealed'
  | 'vault_denied'
  | 'vault_unreachable'
  | 'vault_timeout'
  | 'vault_failed'
  | 'tool_unknown'
  | 'integration_unknown'
  | 'integration_missing'
  | 'integration_ambiguous'
  | 'integration_disabled'
  | 'not_connected'
  | 'oauth_client_missing'
  | 'redirect_refused'
  | 'reconnect_needed'
  | 'oauth_failed'
  | 'oauth_unavailable'
  | 'oauth_denied'
  | 'attempts_unavailable'
  | 'attempt_unknown'
  | 'policy_denied'
  | 'approval_rejected'
  | 'approval_expired'
  | 'approval_required'
  | 'approval_mismatch'
  | 'calls_limited'
  | 'in_progress'
  | 'key_reused'
  | 'interrupted'
  | 'outcome_unknown'
  | 'undo_impossible'
  | 'undo_conflict'
  | 'cancelled'
  | 'expression_failed'
  | 'expression_limit'
  | 'script_failed'
  | 'script_limit'
  | 'scripts_busy'
  | 'flow_invalid'
  | 'flow_cycle'
  | 'flow_failed'
  | 'flow_changed'
  | 'flow_disabled'
  | 'flow_blocked'
  | 'runs_limited'
  | 'run_state_conflict'
  | 'run_quarantined'
  | 'step_timeout'
  | 'wait_timeout'
  | 'vendor_unauthorized'
  | 'vendor_forbidden'
  | 'vendor_not_found'
  | 'vendor_conflict'
  | 'vendor_rejected'
  | 'vendor_rate_limited'
  | 'rate_limited'
  | 'vendor_unreachable'
  | 'vendor_timeout'
  | 'vendor_failed'
  | 'vendor_invalid_response'
  | 'vendor_too_large'
  | 'address_refused'
  | 'hub_unreachable'
  | 'database_unavailable'
  | 'workers_unavailable'
  | 'shutting_down'
  | 'internal'

export type ErrorKind =
  | 'validation'
  | 'timeout'
  | 'policy'
  | 'not_found'
  | 'authentication'
  | 'permission'
  | 'rate_limit'
  | 'conflict'
  | 'network'
  | 'internal'
  | 'upstream'
  | 'outcome_unknown'

export type ToolFormat = 'openai' | 'openai-chat' | 'anthropic' | 'mcp' | 'vercel'

export type TokensListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type TokensListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly name: string
    readonly prefix: string
    readonly scopes: readonly string[]
    readonly read_only: boolean
    readonly expires_at: string | null
    readonly last_used_at: string | null
    readonly revoked_at: string | null
    readonly created_at: string
    /** The person to whom it belongs and with whose membership it ends; null for a service. */ readonly user_id: string | null
  }[]
  readonly next_cursor: string | null
}

export type TokensCreateInput = {
  /** What the token is for. */ readonly name: string
  /** Any of admin, hub:admin, tools:read, tools:call, invocations:read, integrations:read, integrations:write, credentials:read, credentials:write, events:read, events:write, flows:read, flows:write, flows:run, approvals:read, approvals:write, content:read, content:all, jobs:create, jobs:read, tokens:read, tokens:write, tokens:own, people:read, people:write, audit:read, metrics:read, hub:metrics, or tools:call:NAME. */ readonly scopes: readonly string[]
  /** Refuse everything that changes something, whatever the scopes. */ readonly read_only?: boolean | undefined
  /** When it stops working; never by default. */ readonly expires_at?: string | undefined
  /** It belongs to no person, and lasts when whoever made it leaves. Needs tokens:write. */ readonly service?: boolean | undefined
}

export type TokensCreateOutput = {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly read_only: boolean
  readonly expires_at: string | null
  readonly last_used_at: string | null
  readonly revoked_at: string | null
  readonly created_at: string
  /** The person to whom it belongs and with whose membership it ends; null for a service. */ readonly user_id: string | null
  readonly token: string
}

export type TokensRevokeInput = { readonly id: string }

export type TokensRevokeOutput = {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly read_only: boolean
  readonly expires_at: string | null
  readonly last_used_at: string | null
  readonly revoked_at: string | null
  readonly created_at: string
  /** The person to whom it belongs and with whose membership it ends; null for a service. */ readonly user_id: string | null
}

export type UsersMeInput = Readonly<Record<string, never>>

export type UsersMeOutput = {
  readonly kind: 'token' | 'user' | 'operator' | 'system'
  readonly id: string
  readonly name: string
  readonly email: string | null
  /** Null for a person who is not a member of any workspace. */ readonly workspace_id: string | null
  readonly workspace: string | null
  /** The role of the person in this workspace; null for other callers. */ readonly role: string | null
  readonly hub_admin: boolean
  readonly read_only: boolean
  readonly scopes: readonly string[]
  readonly workspaces: readonly { readonly id: string; readonly name: string; readonly role: string | null }[]
}

export type MembersListInput = Readonly<Record<string, never>>

export type MembersListOutput = {
  readonly items: readonly {
    readonly user_id: string
    readonly name: string
    readonly email: string
    readonly role: 'owner' | 'admin' | 'member' | 'viewer'
    readonly hub_admin: boolean
    readonly two_factor: boolean
    readonly created_at: string
  }[]
  readonly next_cursor: string | null
}

export type MembersUpdateInput = {
  readonly user_id: string
  readonly role?: 'owner' | 'admin' | 'member' | 'viewer' | undefined
  /** Whether the person may do everything in every workspace. Needs hub:admin. */ readonly hub_admin?: boolean | undefined
}

export type MembersUpdateOutput = {
  readonly user_id: string
  readonly name: string
  readonly email: string
  readonly role: 'owner' | 'admin' | 'member' | 'viewer'
  readonly hub_admin: boolean
  readonly two_factor: boolean
  readonly created_at: string
}

export type MembersRemoveInput = { readonly user_id: string }

export type MembersRemoveOutput = {
  readonly user_id: string
  readonly name: string
  readonly email: string
  readonly role: 'owner' | 'admin' | 'member' | 'viewer'
  readonly hub_admin: boolean
  readonly two_factor: boolean
  readonly created_at: string
}

export type InvitationsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type InvitationsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly email: string | null
    readonly role: 'owner' | 'admin' | 'member' | 'viewer'
    readonly hub_admin: boolean
    readonly expires_at: string
    readonly used_at: string | null
    readonly used_by: string | null
    readonly revoked_at: string | null
    readonly created_by: string
    readonly created_at: string
  }[]
  readonly next_cursor: string | null
}

export type InvitationsCreateInput = {
  /** Whom it is for. Without it, whoever has the link is let in. */ readonly email?: string | undefined
  readonly role?: 'owner' | 'admin' | 'member' | 'viewer' | undefined
  /** Make the person an administrator of the hub. Needs hub:admin; the link works for one day. */ readonly hub_admin?: boolean | undefined
}

export type InvitationsCreateOutput = {
  readonly id: string
  readonly email: string | null
  readonly role: 'owner' | 'admin' | 'member' | 'viewer'
  readonly hub_admin: boolean
  readonly expires_at: string
  readonly used_at: string | null
  readonly used_by: string | null
  readonly revoked_at: string | null
  readonly created_by: string
  readonly created_at: string
  readonly link: string
  readonly token: string
}

export type InvitationsRevokeInput = { readonly id: string }

export type InvitationsRevokeOutput = {
  readonly id: string
  readonly email: string | null
  readonly role: 'owner' | 'admin' | 'member' | 'viewer'
  readonly hub_admin: boolean
  readonly expires_at: string
  readonly used_at: string | null
  readonly used_by: string | null
  readonly revoked_at: string | null
  readonly created_by: string
  readonly created_at: string
}

export type SessionsListInput = { readonly user_id?: string | undefined }

export type SessionsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly user_id: string
    /** Whether this request came with it. */ readonly current: boolean
    readonly address: string | null
    readonly user_agent: string | null
    readonly created_at: string
    readonly expires_at: string
  }[]
  readonly next_cursor: string | null
}

export type SessionsEndInput = { readonly id: string }

export type SessionsEndOutput = null

export type SessionsEndAllInput = { readonly user_id: string }

export type SessionsEndAllOutput = { readonly ended: number }

export type GrantsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  /** For callers that are no person: always the workspace. */ readonly whose?: 'own' | 'workspace' | undefined
}

export type GrantsListOutput = {
  readonly items: readonly {
    readonly id: string
    /** What the app calls itself. */ readonly app: string
    readonly client_id: string
    /** Whether the client id is the address of the app’s own description; others registered themselves. */ readonly verified: boolean
    readonly user_id: string
    readonly person: string
    readonly workspace_id: string
    readonly workspace: string
    readonly scopes: readonly string[]
    /** The query of the resource, such as toolset=github; empty for all tools. */ readonly tools: string
    readonly created_at: string
    readonly last_used_at: string | null
    readonly revoked_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type GrantsRevokeInput = { readonly id: string }

export type GrantsRevokeOutput = {
  readonly id: string
  /** What the app calls itself. */ readonly app: string
  readonly client_id: string
  /** Whether the client id is the address of the app’s own description; others registered themselves. */ readonly verified: boolean
  readonly user_id: string
  readonly person: string
  readonly workspace_id: string
  readonly workspace: string
  readonly scopes: readonly string[]
  /** The query of the resource, such as toolset=github; empty for all tools. */ readonly tools: string
  readonly created_at: string
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

export type WorkspacesListInput = Readonly<Record<string, never>>

export type WorkspacesListOutput = {
  readonly items: readonly { readonly id: string; readonly number: number; readonly name: string; readonly created_at: string }[]
  readonly next_cursor: string | null
}

export type WorkspacesCreateInput = { /** Unique name. */ readonly name: string }

export type WorkspacesCreateOutput = { readonly id: string; readonly number: number; readonly name: string; readonly created_at: string }

export type AuditListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type AuditListOutput = {
  readonly items: readonly {
    readonly seq: number
    readonly at: string
    readonly actor: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
      | string
      | null
    readonly action: string
    readonly subject: string
    readonly detail: Readonly<Record<string, unknown>>
    readonly hash: string
  }[]
  readonly next_cursor: string | null
}

export type CredentialsListInput = Readonly<Record<string, never>>

export type CredentialsListOutput = {
  readonly items: readonly {
    readonly name: string
    readonly kind: string | null
    readonly version: number
    readonly created_at: string
    readonly updated_at: string
  }[]
  readonly next_cursor: string | null
}

export type CredentialsCreateInput = {
  /** Unique name. */ readonly name: string
  /** What it is for, e.g. github. */ readonly kind?: string | undefined
  /** The secret values by field. No answer ever contains them. */ readonly data: Readonly<Record<string, string | number | boolean>>
}

export type CredentialsCreateOutput = {
  readonly name: string
  readonly kind: string | null
  readonly version: number
  readonly created_at: string
  readonly updated_at: string
}

export type CredentialsSetInput = {
  /** Unique name. */ readonly name: string
  /** What it is for, e.g. github. */ readonly kind?: string | undefined
  /** The secret values by field. No answer ever contains them. */ readonly data: Readonly<Record<string, string | number | boolean>>
}

export type CredentialsSetOutput = {
  readonly name: string
  readonly kind: string | null
  readonly version: number
  readonly created_at: string
  readonly updated_at: string
}

export type CredentialsDeleteInput = { /** Unique name. */ readonly name: string }

export type CredentialsDeleteOutput = null

export type ConnectorsListInput = Readonly<Record<string, never>>

export type ConnectorsListOutput = {
  readonly items: readonly {
    readonly name: string
    readonly title: string
    readonly description: string
    readonly aliases: readonly string[]
    readonly connect: string
    readonly config_schema: Readonly<Record<string, unknown>>
    readonly auth: readonly {
      readonly type: string
      readonly title: string
      readonly fields_schema: Readonly<Record<string, unknown>>
      readonly aliases: Readonly<Record<string, string>>
      /** For what a person allows: which features there are and their scopes, and which variables name the application. */ readonly oauth: {
        readonly features: Readonly<Record<string, readonly string[]>>
        readonly client_variables: readonly string[]
        readonly redirect_path: string
      } | null
    }[]
    readonly credentials: readonly string[]
    readonly actions: readonly { readonly name: string; readonly title: string; readonly effect: string }[]
    readonly events: readonly string[]
    readonly features: readonly string[]
  }[]
  readonly next_cursor: string | null
}

export type ConnectorsGetInput = { readonly connector: string }

export type ConnectorsGetOutput = {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly aliases: readonly string[]
  readonly connect: string
  readonly config_schema: Readonly<Record<string, unknown>>
  readonly auth: readonly {
    readonly type: string
    readonly title: string
    readonly fields_schema: Readonly<Record<string, unknown>>
    readonly aliases: Readonly<Record<string, string>>
    /** For what a person allows: which features there are and their scopes, and which variables name the application. */ readonly oauth: {
      readonly features: Readonly<Record<string, readonly string[]>>
      readonly client_variables: readonly string[]
      readonly redirect_path: string
    } | null
  }[]
  readonly credentials: readonly string[]
  readonly actions: readonly { readonly name: string; readonly title: string; readonly effect: string }[]
  readonly events: readonly string[]
  readonly features: readonly string[]
}

export type IntegrationsListInput = {
  /** The workspace’s number. */ readonly project_id?: number | undefined
  /** Only integrations of this connector, e.g. github. */ readonly connector?: string | undefined
}

export type IntegrationsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly number: number
    readonly project_id: number
    readonly name: string
    readonly enabled: boolean
    readonly status: string
    readonly success_count: number
    readonly error_count: number
    /** Percent of the calls; null before the first one. */ readonly success_rate: number | null
    readonly consecutive_errors: number
    readonly last_error: Readonly<Record<string, unknown>> | null
    readonly integration_type: string
    readonly auth_type: string
    readonly credential: string | null
    readonly config: Readonly<Record<string, unknown>>
    readonly origin: string
    /** The user of an application, whose account this is. Calls name it as integration: user:ID. */ readonly external_user: string | null
    /** What a person allowed by OAuth; null where nobody has to. */ readonly connection: {
      readonly state: 'not_connected' | 'connected' | 'reconnect_needed'
      readonly account: string | null
      readonly scopes: readonly string[]
      readonly features: readonly string[]
      readonly connected_at: string | null
      readonly problem: string | null
    } | null
    readonly last_error_at: string | null
    readonly last_success_at: string | null
    readonly created_at: string
    readonly updated_at: string
  }[]
  readonly next_cursor: string | null
}

export type IntegrationsCreateInput = {
  /** The workspace’s number; it must be the token’s own workspace. */ readonly project_id?: number | undefined
  /** Connector, e.g. github. */ readonly integration_type: string
  /** Unique in the workspace; the connector’s name by default. */ readonly name?: string | undefined
  /** One of the connector’s auth methods; found by the credential’s fields when left out. */ readonly auth_type?: string | undefined
  /** Short for credential {"access_token": …}. */ readonly access_token?: string | undefined
  /** Name of a stored credential, or the values of a new one. */ readonly credential?:
    | string
    | Readonly<Record<string, string | number | boolean>>
    | undefined
  /** As the connector’s config_schema says; webhook_secret is accepted here and kept as a credential. */ readonly config?:
    | Readonly<Record<string, unknown>>
    | undefined
  readonly enabled?: boolean | undefined
  /** Your application’s id of the user whose account this is. It is used only by calls that name it: integration: user:ID. */ readonly external_user?:
    | string
    | undefined
}

export type IntegrationsCreateOutput = {
  readonly id: string
  readonly number: number
  readonly project_id: number
  readonly name: string
  readonly enabled: boolean
  readonly status: string
  readonly success_count: number
  readonly error_count: number
  /** Percent of the calls; null before the first one. */ readonly success_rate: number | null
  readonly consecutive_errors: number
  readonly last_error: Readonly<Record<string, unknown>> | null
  readonly integration_type: string
  readonly auth_type: string
  readonly credential: string | null
  readonly config: Readonly<Record<string, unknown>>
  readonly origin: string
  /** The user of an application, whose account this is. Calls name it as integration: user:ID. */ readonly external_user: string | null
  /** What a person allowed by OAuth; null where nobody has to. */ readonly connection: {
    readonly state: 'not_connected' | 'connected' | 'reconnect_needed'
    readonly account: string | null
    readonly scopes: readonly string[]
    readonly features: readonly string[]
    readonly connected_at: string | null
    readonly problem: string | null
  } | null
  readonly last_error_at: string | null
  readonly last_success_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

export type IntegrationsGetInput = { /** Id, unique name or number. */ readonly id: string }

export type IntegrationsGetOutput = {
  readonly id: string
  readonly number: number
  readonly project_id: number
  readonly name: string
  readonly enabled: boolean
  readonly status: string
  readonly success_count: number
  readonly error_count: number
  /** Percent of the calls; null before the first one. */ readonly success_rate: number | null
  readonly consecutive_errors: number
  readonly last_error: Readonly<Record<string, unknown>> | null
  readonly integration_type: string
  readonly auth_type: string
  readonly credential: string | null
  readonly config: Readonly<Record<string, unknown>>
  readonly origin: string
  /** The user of an application, whose account this is. Calls name it as integration: user:ID. */ readonly external_user: string | null
  /** What a person allowed by OAuth; null where nobody has to. */ readonly connection: {
    readonly state: 'not_connected' | 'connected' | 'reconnect_needed'
    readonly account: string | null
    readonly scopes: readonly string[]
    readonly features: readonly string[]
    readonly connected_at: string | null
    readonly problem: string | null
  } | null
  readonly last_error_at: string | null
  readonly last_success_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

export type IntegrationsUpdateInput = {
  /** Id, unique name or number. */ readonly id: string
  /** Unique in the workspace; the connector’s name by default. */ readonly name?: string | undefined
  /** One of the connector’s auth methods; found by the credential’s fields when left out. */ readonly auth_type?: string | undefined
  /** Short for credential {"access_token": …}. */ readonly access_token?: string | undefined
  /** Name of a stored credential, or the values of a new one. */ readonly credential?:
    | string
    | Readonly<Record<string, string | number | boolean>>
    | undefined
  /** Settings to change, as the connector’s config_schema says. The others keep their values, and null removes one. webhook_secret is accepted here and kept as a credential. */ readonly config?:
    | Readonly<Record<string, unknown>>
    | undefined
  readonly enabled?: boolean | undefined
  readonly status?: 'active' | 'inactive' | undefined
}

export type IntegrationsUpdateOutput = {
  readonly id: string
  readonly number: number
  readonly project_id: number
  readonly name: string
  readonly enabled: boolean
  readonly status: string
  readonly success_count: number
  readonly error_count: number
  /** Percent of the calls; null before the first one. */ readonly success_rate: number | null
  readonly consecutive_errors: number
  readonly last_error: Readonly<Record<string, unknown>> | null
  readonly integration_type: string
  readonly auth_type: string
  readonly credential: string | null
  readonly config: Readonly<Record<string, unknown>>
  readonly origin: string
  /** The user of an application, whose account this is. Calls name it as integration: user:ID. */ readonly external_user: string | null
  /** What a person allowed by OAuth; null where nobody has to. */ readonly connection: {
    readonly state: 'not_connected' | 'connected' | 'reconnect_needed'
    readonly account: string | null
    readonly scopes: readonly string[]
    readonly features: readonly string[]
    readonly connected_at: string | null
    readonly problem: string | null
  } | null
  readonly last_error_at: string | null
  readonly last_success_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

export type IntegrationsConfigureInput = {
  /** Its name. */ readonly integration: string
  /** Connector; the name itself when left out. */ readonly integration_type?: string | undefined
  /** One of the connector’s auth methods; found by the credential’s fields when left out. */ readonly auth_type?: string | undefined
  /** Name of a stored credential, or the values of a new one. */ readonly credential?:
    | string
    | Readonly<Record<string, string | number | boolean>>
    | undefined
  /** Settings to change, as the connector’s config_schema says. The others keep their values, and null removes one. webhook_secret is accepted here and kept as a credential. */ readonly config?:
    | Readonly<Record<string, unknown>>
    | undefined
  readonly enabled?: boolean | undefined
} & Readonly<Record<string, unknown>>

export type IntegrationsConfigureOutput = {
  readonly id: string
  readonly number: number
  readonly project_id: number
  readonly name: string
  readonly enabled: boolean
  readonly status: string
  readonly success_count: number
  readonly error_count: number
  /** Percent of the calls; null before the first one. */ readonly success_rate: number | null
  readonly consecutive_errors: number
  readonly last_error: Readonly<Record<string, unknown>> | null
  readonly integration_type: string
  readonly auth_type: string
  readonly credential: string | null
  readonly config: Readonly<Record<string, unknown>>
  readonly origin: string
  /** The user of an application, whose account this is. Calls name it as integration: user:ID. */ readonly external_user: string | null
  /** What a person allowed by OAuth; null where nobody has to. */ readonly connection: {
    readonly state: 'not_connected' | 'connected' | 'reconnect_needed'
    readonly account: string | null
    readonly scopes: readonly string[]
    readonly features: readonly string[]
    readonly connected_at: string | null
    readonly problem: string | null
  } | null
  readonly last_error_at: string | null
  readonly last_success_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

export type IntegrationsDeleteInput = { /** Id, unique name or number. */ readonly id: string }

export type IntegrationsDeleteOutput = null

export type IntegrationsTestInput = { /** Id, unique name or number. */ readonly id: string }

export type IntegrationsTestOutput = {
  readonly ok: boolean
  readonly account?: string | undefined
  readonly ms: number
  readonly error?: Readonly<Record<string, unknown>> | undefined
}

export type IntegrationsHealthInput = { /** Id, unique name or number. */ readonly id: string }

export type IntegrationsHealthOutput = {
  readonly id: string
  readonly number: number
  readonly project_id: number
  readonly name: string
  readonly connector: string
  readonly enabled: boolean
  readonly status: string
  readonly success_count: number
  readonly error_count: number
  /** Percent of the calls; null before the first one. */ readonly success_rate: number | null
  readonly consecutive_errors: number
  readonly last_error: Readonly<Record<string, unknown>> | null
}

export type IntegrationsSetupInput = { /** Id, unique name or number of the integration. */ readonly id: string }

export type IntegrationsSetupOutput = {
  /** Null where nobody connects it by OAuth. */ readonly oauth: {
    /** What the application at the outside system needs as its redirect URL. */ readonly callback_url: string
    /** The credential that names the application. */ readonly credential: string
    /** The fields of that credential. */ readonly fields: readonly string[]
    /** Variables of the environment that name the application instead. */ readonly variables: readonly string[]
    /** What has to be corrected before anybody can connect it. */ readonly problem: {
      readonly code: string
      readonly detail: string
      readonly hint?: string | undefined
    } | null
  } | null
  /** Null where the outside system sends no webhooks. */ readonly webhook: {
    /** Where the outside system sends its webhooks. */ readonly url: string
    /** Without a secret, every delivery is refused. */ readonly has_secret: boolean
    /** The types of events of which a sample can be sent. */ readonly samples: readonly string[]
    /** What integrations.setup_webhook needs to know to create the webhook there; null where the outside system has no API for that. */ readonly setup_schema: Readonly<
      Record<string, unknown>
    > | null
  } | null
}

export type IntegrationsSetupWebhookInput = {
  /** Id, unique name or number of the integration. */ readonly id: string
  /** What setup_schema of integrations.setup asks for, such as the repository. */ readonly input?:
    | Readonly<Record<string, unknown>>
    | undefined
  /** The address of the webhook, where the outside system reaches this hub under another one than HUB_PUBLIC_URL. */ readonly url?:
    | string
    | undefined
  /** Id of the approval that covers this call. */ readonly approval?: string | undefined
}

export type IntegrationsSetupWebhookOutput = {
  /** updated: a webhook with this URL was there already. */ readonly status: 'created' | 'updated'
  /** Its id at the outside system. */ readonly hook_id: string
  /** Where it sends to. */ readonly url: string
  readonly events: readonly string[]
  /** Where people see it at the outside system. */ readonly settings_url: string | null
  /** The call in the journal. */ readonly invocation_id: string
}

export type IntegrationsConnectInput = {
  /** Id, unique name or number of the integration. */ readonly id: string
  /** Where the last page leads: an address of the hub, or of HUB_CORS_ORIGINS. */ readonly return_url?: string | undefined
  /** How many seconds the link is valid. */ readonly expires_in?: number | undefined
}

export type IntegrationsConnectOutput = {
  readonly id: string
  readonly url: string
  /** What the application at the outside system needs as its redirect URL. */ readonly callback_url: string
  readonly expires_at: string
}

export type IntegrationsConnectDeviceInput = {
  /** Id, unique name or number of the integration. */ readonly id: string
  /** Names of the connector’s features, such as issues: only their rights are asked for. All that the connector uses when left out. */ readonly features?:
    | readonly string[]
    | undefined
}

export type IntegrationsConnectDeviceOutput = {
  readonly id: string
  readonly integration_id: string
  /** `waiting`: the person has not decided. `choosing`: several sites were allowed, and the person chooses one. */ readonly status:
    | 'waiting'
    | 'choosing'
    | 'connected'
    | 'denied'
    | 'failed'
    | 'cancelled'
    | 'expired'
  readonly account: string | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string | undefined } | null
  /** What the person chooses from, while status is `choosing`. */ readonly choices: readonly {
    readonly id: string
    readonly title: string
  }[]
  /** For a device: what the person enters at verification_uri. */ readonly user_code: string | null
  readonly verification_uri: string | null
  /** For a device: the provider is asked no more often. */ readonly interval_seconds: number
  readonly expires_at: string
}

export type ConnectionsGetInput = { /** The id of a link (lnk_…) or of an attempt (att_…). */ readonly id: string }

export type ConnectionsGetOutput = {
  readonly id: string
  readonly integration_id: string
  /** `waiting`: the person has not decided. `choosing`: several sites were allowed, and the person chooses one. */ readonly status:
    | 'waiting'
    | 'choosing'
    | 'connected'
    | 'denied'
    | 'failed'
    | 'cancelled'
    | 'expired'
  readonly account: string | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string | undefined } | null
  /** What the person chooses from, while status is `choosing`. */ readonly choices: readonly {
    readonly id: string
    readonly title: string
  }[]
  /** For a device: what the person enters at verification_uri. */ readonly user_code: string | null
  readonly verification_uri: string | null
  /** For a device: the provider is asked no more often. */ readonly interval_seconds: number
  readonly expires_at: string
}

export type ConnectionsChooseInput = { /** The id of the attempt (att_…). */ readonly id: string; readonly choice: string }

export type ConnectionsChooseOutput = {
  readonly id: string
  readonly integration_id: string
  /** `waiting`: the person has not decided. `choosing`: several sites were allowed, and the person chooses one. */ readonly status:
    | 'waiting'
    | 'choosing'
    | 'connected'
    | 'denied'
    | 'failed'
    | 'cancelled'
    | 'expired'
  readonly account: string | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string | undefined } | null
  /** What the person chooses from, while status is `choosing`. */ readonly choices: readonly {
    readonly id: string
    readonly title: string
  }[]
  /** For a device: what the person enters at verification_uri. */ readonly user_code: string | null
  readonly verification_uri: string | null
  /** For a device: the provider is asked no more often. */ readonly interval_seconds: number
  readonly expires_at: string
}

export type ConnectionsCancelInput = { /** The id of a link (lnk_…) or of an attempt (att_…). */ readonly id: string }

export type ConnectionsCancelOutput = null

export type IntegrationsInitProviderAuthInput = {
  /** Id or name of the workspace. */ readonly workspaceId: string
  /** Names of the connector’s features, such as issues: only their rights are asked for. All that the connector uses when left out. */ readonly features?:
    | readonly string[]
    | undefined
  /** A page of the hub, of HUB_CORS_ORIGINS, or the redirect URL that the environment names for the connector. */ readonly redirectUrl: string
  /** The connector, such as GitHub. */ readonly providerType: string
}

export type IntegrationsInitProviderAuthOutput = {
  readonly authUrl: string
  readonly state: string
  readonly attemptId: string
  readonly integrationId: string
  readonly expiresAt: string
}

export type IntegrationsCompleteProviderAuthInput = { readonly code: string; readonly state: string }

export type IntegrationsCompleteProviderAuthOutput = {
  readonly success: boolean
  readonly integrationId: string
  readonly attemptId: string
  readonly account: string | null
  readonly status: string
}

export type IntegrationsSyncIntegrationInput = { readonly id: string }

export type IntegrationsSyncIntegrationOutput = { /** How many sources are syncing now. */ readonly sources: number }

export type IntegrationsSyncAllIntegrationsInput = {
  /** Id or name; the workspace of the caller when left out. */ readonly workspaceId?: string | undefined
}

export type IntegrationsSyncAllIntegrationsOutput = { /** How many sources are syncing now. */ readonly sources: number }

export type SourcesCreateInput = {
  /** Id, name or number. */ readonly integration: string
  /** What to sync: `issues`, `files` … */ readonly kind: string
  /** The settings of this kind, such as the repository. */ readonly config?: Readonly<Record<string, unknown>> | undefined
  readonly name?: string | undefined
}

export type SourcesCreateOutput = {
  readonly id: string
  readonly name: string
  readonly integration: string
  readonly integration_id: string
  readonly connector: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
  readonly documents: number
  /** Items that could not be read, and are tried again. */ readonly failing: number
  /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
  readonly last_error: { readonly code: string; readonly detail: string } | null
  readonly continues_at: string | null
  readonly synced_at: string | null
  /** When it was last looked for deletions. */ readonly swept_at: string | null
  /** The latest one. */ readonly sync: {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  } | null
  readonly created_at: string
}

export type SourcesListInput = {
  readonly integration?: string | undefined
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type SourcesListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly name: string
    readonly integration: string
    readonly integration_id: string
    readonly connector: string
    readonly kind: string
    readonly config: Readonly<Record<string, unknown>>
    readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
    readonly documents: number
    /** Items that could not be read, and are tried again. */ readonly failing: number
    /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
    readonly last_error: { readonly code: string; readonly detail: string } | null
    readonly continues_at: string | null
    readonly synced_at: string | null
    /** When it was last looked for deletions. */ readonly swept_at: string | null
    /** The latest one. */ readonly sync: {
      readonly id: string
      /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
      readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
      readonly phase: 'pull' | 'items' | 'sweep'
      readonly pages: number
      readonly added: number
      readonly changed: number
      readonly unchanged: number
      readonly removed: number
      readonly failed: number
      /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
      readonly per_second: number | null
      readonly error: { readonly code: string; readonly detail: string } | null
      readonly started_at: string
      readonly ended_at: string | null
    } | null
    readonly created_at: string
  }[]
  readonly next_cursor: string | null
}

export type SourcesGetInput = { readonly id: string }

export type SourcesGetOutput = {
  readonly id: string
  readonly name: string
  readonly integration: string
  readonly integration_id: string
  readonly connector: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
  readonly documents: number
  /** Items that could not be read, and are tried again. */ readonly failing: number
  /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
  readonly last_error: { readonly code: string; readonly detail: string } | null
  readonly continues_at: string | null
  readonly synced_at: string | null
  /** When it was last looked for deletions. */ readonly swept_at: string | null
  /** The latest one. */ readonly sync: {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  } | null
  readonly created_at: string
}

export type SourcesSyncsInput = {
  readonly id: string
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type SourcesSyncsOutput = {
  readonly items: readonly {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type SourcesFailuresInput = {
  readonly id: string
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type SourcesFailuresOutput = {
  readonly items: readonly {
    readonly item: string
    readonly attempts: number
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly next_attempt_at: string
  }[]
  readonly next_cursor: string | null
}

export type SourcesSyncInput = {
  readonly id: string
  /** Also look for what was deleted; by default when that is due. */ readonly sweep?: boolean | undefined
  /** Read everything again. */ readonly rescan?: boolean | undefined
  /** Delete what is not listed any more, however much it is. */ readonly confirm_deletions?: boolean | undefined
}

export type SourcesSyncOutput = {
  readonly id: string
  readonly name: string
  readonly integration: string
  readonly integration_id: string
  readonly connector: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
  readonly documents: number
  /** Items that could not be read, and are tried again. */ readonly failing: number
  /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
  readonly last_error: { readonly code: string; readonly detail: string } | null
  readonly continues_at: string | null
  readonly synced_at: string | null
  /** When it was last looked for deletions. */ readonly swept_at: string | null
  /** The latest one. */ readonly sync: {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  } | null
  readonly created_at: string
}

export type SourcesPauseInput = { readonly id: string }

export type SourcesPauseOutput = {
  readonly id: string
  readonly name: string
  readonly integration: string
  readonly integration_id: string
  readonly connector: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
  readonly documents: number
  /** Items that could not be read, and are tried again. */ readonly failing: number
  /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
  readonly last_error: { readonly code: string; readonly detail: string } | null
  readonly continues_at: string | null
  readonly synced_at: string | null
  /** When it was last looked for deletions. */ readonly swept_at: string | null
  /** The latest one. */ readonly sync: {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  } | null
  readonly created_at: string
}

export type SourcesResumeInput = { readonly id: string }

export type SourcesResumeOutput = {
  readonly id: string
  readonly name: string
  readonly integration: string
  readonly integration_id: string
  readonly connector: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
  readonly documents: number
  /** Items that could not be read, and are tried again. */ readonly failing: number
  /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
  readonly last_error: { readonly code: string; readonly detail: string } | null
  readonly continues_at: string | null
  readonly synced_at: string | null
  /** When it was last looked for deletions. */ readonly swept_at: string | null
  /** The latest one. */ readonly sync: {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  } | null
  readonly created_at: string
}

export type SourcesCancelInput = { readonly id: string }

export type SourcesCancelOutput = {
  readonly id: string
  readonly name: string
  readonly integration: string
  readonly integration_id: string
  readonly connector: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
  readonly documents: number
  /** Items that could not be read, and are tried again. */ readonly failing: number
  /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
  readonly last_error: { readonly code: string; readonly detail: string } | null
  readonly continues_at: string | null
  readonly synced_at: string | null
  /** When it was last looked for deletions. */ readonly swept_at: string | null
  /** The latest one. */ readonly sync: {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  } | null
  readonly created_at: string
}

export type SourcesRetryFailuresInput = { readonly id: string }

export type SourcesRetryFailuresOutput = {
  readonly id: string
  readonly name: string
  readonly integration: string
  readonly integration_id: string
  readonly connector: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly status: 'idle' | 'syncing' | 'waiting' | 'failed' | 'paused'
  readonly documents: number
  /** Items that could not be read, and are tried again. */ readonly failing: number
  /** Why everything is read again, why nothing was deleted, or whose access is not known. */ readonly notice: string | null
  readonly last_error: { readonly code: string; readonly detail: string } | null
  readonly continues_at: string | null
  readonly synced_at: string | null
  /** When it was last looked for deletions. */ readonly swept_at: string | null
  /** The latest one. */ readonly sync: {
    readonly id: string
    /** created, manual, poll, event, retry, rescan or access. */ readonly reason: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
    readonly phase: 'pull' | 'items' | 'sweep'
    readonly pages: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly removed: number
    readonly failed: number
    /** Items that are still to come, as far as the outside system says. */ readonly remaining: number | null
    readonly per_second: number | null
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly started_at: string
    readonly ended_at: string | null
  } | null
  readonly created_at: string
}

export type SourcesDeleteInput = { readonly id: string }

export type SourcesDeleteOutput = null

export type IntegrationsMonitoringInput = { readonly id: string }

export type IntegrationsMonitoringOutput = {
  /** Whether events and polls lead to syncs. */ readonly monitor_changes: boolean
  readonly polling_enabled: boolean
  /** In minutes. */ readonly polling_interval: number | null
  readonly last_polled_at: string | null
  readonly next_poll_at: string | null
  /** How many documents were added, changed or removed. */ readonly change_count: number
  readonly error_count: number
  readonly last_error: Readonly<Record<string, unknown>> | null
}

export type IntegrationsSetMonitoringInput = {
  readonly id: string
  readonly monitor_changes?: boolean | undefined
  readonly polling_enabled?: boolean | undefined
  /** In minutes. */ readonly polling_interval?: number | undefined
}

export type IntegrationsSetMonitoringOutput = {
  /** Whether events and polls lead to syncs. */ readonly monitor_changes: boolean
  readonly polling_enabled: boolean
  /** In minutes. */ readonly polling_interval: number | null
  readonly last_polled_at: string | null
  readonly next_poll_at: string | null
  /** How many documents were added, changed or removed. */ readonly change_count: number
  readonly error_count: number
  readonly last_error: Readonly<Record<string, unknown>> | null
}

export type IdentitiesListInput = Readonly<Record<string, never>>

export type IdentitiesListOutput = {
  readonly items: readonly {
    readonly actor: string
    readonly integration: string
    readonly integration_id: string
    readonly external_user: string
    readonly created_by: string
    readonly created_at: string
  }[]
  readonly next_cursor: string | null
}

export type IdentitiesAddInput = {
  readonly actor: string
  /** Id, name or number. */ readonly integration: string
  /** How the outside system names them: the login at GitHub, the account id at Jira, the member id at Slack. */ readonly external_user: string
}

export type IdentitiesAddOutput = null

export type IdentitiesRemoveInput = {
  readonly actor: string
  /** Id, name or number. */ readonly integration: string
  /** How the outside system names them: the login at GitHub, the account id at Jira, the member id at Slack. */ readonly external_user: string
}

export type IdentitiesRemoveOutput = null

export type SearchQueryInput = {
  /** What to look for, in words or names. */ readonly q: string
  readonly limit?: number | undefined
  /** Only these sources, by id. */ readonly source?: string | readonly string[] | undefined
  /** Only these integrations, by id or name. */ readonly integration?: string | readonly string[] | undefined
  /** Only these systems: github, jira … */ readonly connector?: string | readonly string[] | undefined
  /** Only these types: issue, pull_request, file, page … */ readonly type?: string | readonly string[] | undefined
  readonly author?: string | undefined
  /** Only paths that begin so. */ readonly path?: string | undefined
  /** The earliest time of change: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of change that is too late, in the same form. */ readonly to?: string | undefined
  /** The user of your application who asks: content of integrations that belong to other users is not found. */ readonly external_user?:
    | string
    | undefined
  /** Also say why each result is where it is. */ readonly explain?: boolean | undefined
}

export type SearchQueryOutput = {
  readonly items: readonly {
    readonly document: {
      readonly id: string
      readonly title: string
      readonly type: string
      readonly url: string | null
      readonly path: string | null
      readonly author: string | null
      readonly integration: string
      readonly connector: string
      readonly source: string
      readonly source_id: string
      readonly created_at: string | null
      /** When it changed last in the outside system. */ readonly updated_at: string | null
      readonly indexed_at: string
      /** When its source was last in step. */ readonly synced_at: string | null
      /** Its source could not be read lately, so it may have changed or gone. */ readonly stale: boolean
      /** Why a part of it is missing. */ readonly truncated: string | null
    }
    readonly chunk: {
      readonly position: number
      readonly kind: string
      /** The headings above it, the outermost first. */ readonly heading: string
      readonly from_line: number
      readonly to_line: number
      readonly text: string
      /** The sentence of it that says most. */ readonly summary: string | null
    } | null
    /** How to name it in an answer. */ readonly citation: string
    readonly score: number
    readonly explain?:
      | {
          readonly total: number
          readonly chunk: number
          readonly document: number
          readonly outline: number
          readonly coverage: number
          readonly recency: number
          readonly feedback: number
          readonly terms: readonly string[]
        }
      | undefined
  }[]
  readonly terms?: readonly { readonly term: string; readonly documents: number }[] | undefined
}

export type DocumentsListInput = {
  /** Only these sources, by id. */ readonly source?: string | readonly string[] | undefined
  /** Only these integrations, by id or name. */ readonly integration?: string | readonly string[] | undefined
  /** Only these systems: github, jira … */ readonly connector?: string | readonly string[] | undefined
  /** Only these types: issue, pull_request, file, page … */ readonly type?: string | readonly string[] | undefined
  readonly author?: string | undefined
  /** Only paths that begin so. */ readonly path?: string | undefined
  /** The earliest time of change: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of change that is too late, in the same form. */ readonly to?: string | undefined
  /** The user of your application who asks: content of integrations that belong to other users is not found. */ readonly external_user?:
    | string
    | undefined
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type DocumentsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly title: string
    readonly type: string
    readonly url: string | null
    readonly path: string | null
    readonly author: string | null
    readonly integration: string
    readonly connector: string
    readonly source: string
    readonly source_id: string
    readonly created_at: string | null
    /** When it changed last in the outside system. */ readonly updated_at: string | null
    readonly indexed_at: string
    /** When its source was last in step. */ readonly synced_at: string | null
    /** Its source could not be read lately, so it may have changed or gone. */ readonly stale: boolean
    /** Why a part of it is missing. */ readonly truncated: string | null
  }[]
  readonly next_cursor: string | null
}

export type DocumentsGetInput = {
  /** Its id, or its address. */ readonly id: string
  readonly from_line?: number | undefined
  readonly to_line?: number | undefined
  /** The user of your application who asks: content of integrations that belong to other users is not found. */ readonly external_user?:
    | string
    | undefined
}

export type DocumentsGetOutput = {
  readonly id: string
  readonly title: string
  readonly type: string
  readonly url: string | null
  readonly path: string | null
  readonly author: string | null
  readonly integration: string
  readonly connector: string
  readonly source: string
  readonly source_id: string
  readonly created_at: string | null
  /** When it changed last in the outside system. */ readonly updated_at: string | null
  readonly indexed_at: string
  /** When its source was last in step. */ readonly synced_at: string | null
  /** Its source could not be read lately, so it may have changed or gone. */ readonly stale: boolean
  /** Why a part of it is missing. */ readonly truncated: string | null
  readonly external_id: string
  /** The sentences of it that say most. */ readonly summary: string | null
  readonly chunks: number
  readonly content: string
  readonly from_line: number
  readonly to_line: number
  /** How many lines the document has. */ readonly lines: number
}

export type DocumentsOutlineInput = {
  /** Its id, or its address. */ readonly id: string
  /** The user of your application who asks: content of integrations that belong to other users is not found. */ readonly external_user?:
    | string
    | undefined
}

export type DocumentsOutlineOutput = {
  readonly id: string
  readonly title: string
  readonly type: string
  readonly url: string | null
  readonly path: string | null
  readonly author: string | null
  readonly integration: string
  readonly connector: string
  readonly source: string
  readonly source_id: string
  readonly created_at: string | null
  /** When it changed last in the outside system. */ readonly updated_at: string | null
  readonly indexed_at: string
  /** When its source was last in step. */ readonly synced_at: string | null
  /** Its source could not be read lately, so it may have changed or gone. */ readonly stale: boolean
  /** Why a part of it is missing. */ readonly truncated: string | null
  /** The sentences of it that say most. */ readonly summary: string | null
  readonly outline: readonly { readonly level: number; readonly title: string; readonly line: number }[]
}

export type DocumentsChunksInput = {
  /** Its id, or its address. */ readonly id: string
  /** The position of the last chunk of the page before. */ readonly after?: number | undefined
  readonly limit?: number | undefined
  /** The user of your application who asks: content of integrations that belong to other users is not found. */ readonly external_user?:
    | string
    | undefined
}

export type DocumentsChunksOutput = {
  readonly items: readonly {
    readonly position: number
    readonly kind: string
    /** The headings above it, the outermost first. */ readonly heading: string
    readonly from_line: number
    readonly to_line: number
    readonly text: string
    /** The sentence of it that says most. */ readonly summary: string | null
  }[]
}

export type DocumentsFeedbackInput = {
  /** Its id, or its address. */ readonly id: string
  readonly signal: 'up' | 'down' | 'used' | 'wrong'
  /** The chunk that it is about. */ readonly position?: number | undefined
  readonly query?: string | undefined
  readonly comment?: string | undefined
  /** The user of your application who asks: content of integrations that belong to other users is not found. */ readonly external_user?:
    | string
    | undefined
}

export type DocumentsFeedbackOutput = { readonly id: string }

export type ToolsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  /** Words of what you want to do. */ readonly query?: string | undefined
  readonly connector?: string | undefined
  readonly effect?: 'read' | 'write' | 'destroy' | undefined
  /** Only these connectors and tools, separated by commas: github,slack_send_message. */ readonly toolset?: string | undefined
}

export type ToolsListOutput = {
  readonly items: readonly {
    readonly name: string
    readonly title: string
    readonly description: string
    readonly connector: string
    readonly effect: 'read' | 'write' | 'destroy'
    readonly idempotent: boolean
    readonly aliases: readonly string[]
    readonly input_schema: Readonly<Record<string, unknown>>
    readonly output_schema: Readonly<Record<string, unknown>>
    readonly digest: string
  }[]
  readonly next_cursor: string | null
}

export type ToolsGetInput = { readonly name: string }

export type ToolsGetOutput = {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly connector: string
  readonly effect: 'read' | 'write' | 'destroy'
  readonly idempotent: boolean
  readonly aliases: readonly string[]
  readonly input_schema: Readonly<Record<string, unknown>>
  readonly output_schema: Readonly<Record<string, unknown>>
  readonly digest: string
  /** Arguments as they may be. */ readonly example: Readonly<Record<string, unknown>>
  /** Whether the caller has the scope for it. */ readonly may_call: boolean
}

export type ToolsCallInput = {
  readonly name: string
  /** The tool’s arguments. */ readonly input?: Readonly<Record<string, unknown>> | undefined
  /** Name or id; needed when several fit. */ readonly integration?: string | undefined
  /** Show the request that would be sent, and send nothing that writes. */ readonly dry_run?: boolean | undefined
  /** async: answer 202 at once; the call is made even if the hub dies meanwhile. */ readonly mode?: 'sync' | 'async' | undefined
  /** Only these parts of the output: title, user.login, items.name. */ readonly fields?: readonly string[] | undefined
  /** Budget of the output, 25,000 by default; what is left out says how to get the rest. */ readonly max_tokens?: number | undefined
  /** Makes the call repeatable: the same key never acts twice. */ readonly idempotency_key?: string | undefined
  /** Id of the approval that covers this call. */ readonly approval?: string | undefined
  /** Your name for the conversation, where the hub follows what sessions read. */ readonly session?: string | undefined
}

export type ToolsCallOutput = {
  readonly invocation_id: string | null
  readonly status: 'completed' | 'dry_run' | 'queued'
  readonly output: unknown
  readonly replayed: boolean
  readonly truncated?:
    | {
        readonly total_tokens: number
        readonly handle: string
        readonly parts: readonly { readonly path: string; readonly shown: number; readonly total: number; readonly unit: string }[]
        readonly hint: string
      }
    | undefined
  readonly warning?: string | undefined
  /** What people would not have seen in the output, and was removed from it. */ readonly sanitized?:
    | { readonly removed: number; readonly kinds: readonly string[] }
    | undefined
  /** Who may have written the output, and who can read it where it came from. */ readonly labels?:
    | { readonly author: 'trusted' | 'untrusted'; readonly place: 'private' | 'public'; readonly integration: string | null }
    | undefined
}

export type ToolsRegistryInput = Readonly<Record<string, never>>

export type ToolsRegistryOutput = {
  readonly items: readonly {
    readonly name: string
    readonly description: string
    readonly service: 'integrations'
    readonly endpoint: string
    readonly parameters_schema: Readonly<Record<string, unknown>>
  }[]
}

export type ToolsTypesInput = {
  /** Words of what you want to do. */ readonly query?: string | undefined
  readonly connector?: string | undefined
  /** Names of tools or connectors, separated by commas. */ readonly names?: string | undefined
  /** How many tools at most. */ readonly limit?: number | undefined
}

export type ToolsTypesOutput = { readonly types: string; readonly tools: readonly string[]; readonly total: number }

export type ScriptsRunInput = {
  /** JavaScript; `return` gives the result. */ readonly code: string
  /** What the script reads as `input`. */ readonly input?: unknown
  /** Only these tools, by their names or those of their connectors. */ readonly toolset?: readonly string[] | undefined
  /** Makes the script repeatable: its calls are not made a second time. */ readonly idempotency_key?: string | undefined
  /** Your name for the conversation, where the hub follows what sessions read. */ readonly session?: string | undefined
  /** What `Date` shows; the time of the first run, to repeat a script whose calls depend on it. */ readonly time?: string | undefined
  /** Budget of the output, 25,000 by default. */ readonly max_tokens?: number | undefined
}

export type ScriptsRunOutput = {
  readonly output: unknown
  readonly logs: readonly string[]
  readonly calls: readonly {
    readonly tool: string
    readonly invocation_id: string | null
    readonly status: 'completed' | 'queued' | 'failed' | 'dry_run'
    readonly replayed: boolean
  }[]
  readonly time: string
  readonly truncated?:
    | {
        readonly total_tokens: number
        readonly parts: readonly { readonly path: string; readonly shown: number; readonly total: number; readonly unit: string }[]
        readonly hint: string
      }
    | undefined
}

export type InvocationsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  /** Only calls of this tool. */ readonly tool?: string | undefined
  /** Only calls of tools of this connector. */ readonly connector?: string | undefined
  /** Only calls in one of these states, separated by commas. */ readonly status?:
    | 'queued'
    | 'running'
    | 'completed'
    | 'failed'
    | 'outcome_unknown'
    | readonly ('queued' | 'running' | 'completed' | 'failed' | 'outcome_unknown')[]
    | undefined
  /** Only calls by this integration: its name or id. */ readonly integration?: string | undefined
  /** Only calls that this run made. */ readonly run?: string | undefined
  /** Only calls of tools with this effect. */ readonly effect?: 'read' | 'write' | 'destroy' | undefined
  /** Only calls that came this way: rest, mcp, flow … */ readonly transport?: string | undefined
  /** Only calls that this actor made. */ readonly actor?: string | undefined
  /** Only calls that ended with this error code. */ readonly error?: string | undefined
  /** The earliest start: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first start that is too late, in the same form. */ readonly to?: string | undefined
}

export type InvocationsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly tool: string
    readonly connector: string
    readonly effect: string
    readonly integration: string | null
    readonly transport: string
    readonly actor: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
      | string
      | null
    /** The app through which the person acted. */ readonly app: string | null
    readonly idempotency_key: string | null
    readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'outcome_unknown'
    readonly attempts: number
    readonly error: Readonly<Record<string, unknown>> | null
    /** The run whose step made it. */ readonly run_id: string | null
    /** The path of that step in the run: each/3/comment. */ readonly step: string | null
    /** The approval that covers it. */ readonly approval_id: string | null
    /** The call that this one undoes. */ readonly undoes: string | null
    /** The call that undid this one. */ readonly undone_by: string | null
    /** What people would not have seen in its output, and was removed from it. */ readonly sanitized: {
      readonly removed: number
      readonly kinds: readonly string[]
    } | null
    readonly started_at: string
    readonly finished_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type InvocationsGetInput = { readonly id: string }

export type InvocationsGetOutput = {
  readonly id: string
  readonly tool: string
  readonly connector: string
  readonly effect: string
  readonly integration: string | null
  readonly transport: string
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  /** The app through which the person acted. */ readonly app: string | null
  readonly idempotency_key: string | null
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'outcome_unknown'
  readonly attempts: number
  readonly error: Readonly<Record<string, unknown>> | null
  /** The run whose step made it. */ readonly run_id: string | null
  /** The path of that step in the run: each/3/comment. */ readonly step: string | null
  /** The approval that covers it. */ readonly approval_id: string | null
  /** The call that this one undoes. */ readonly undoes: string | null
  /** The call that undid this one. */ readonly undone_by: string | null
  /** What people would not have seen in its output, and was removed from it. */ readonly sanitized: {
    readonly removed: number
    readonly kinds: readonly string[]
  } | null
  readonly started_at: string
  readonly finished_at: string | null
  readonly input: unknown
  readonly output: unknown
  readonly labels: {
    readonly author: 'trusted' | 'untrusted'
    readonly place: 'private' | 'public'
    readonly integration: string | null
  } | null
  /** What was sent to the outside system, oldest first: 50 requests at most. */ readonly requests: readonly {
    /** SEND for what is not HTTP, such as mail. */ readonly method: string
    readonly host: string | null
    /** Null where the outside system named the address. */ readonly path: string | null
    /** The names in the query, without their values. */ readonly query: readonly string[]
    /** authorization: a token was fetched for the call. state: what it changes was read. */ readonly purpose:
      | 'call'
      | 'authorization'
      | 'state'
    /** Counts the times that the same request was sent. */ readonly attempt: number
    readonly began_at: string
    readonly ms: number
    /** Null when no answer came. */ readonly status: number | null
    readonly bytes_sent: number
    readonly bytes_received: number | null
    /** What the outside system calls the request in its own log. */ readonly vendor_id: string | null
    /** An error code of the hub. */ readonly error: string | null
  }[]
  /** How many requests there were beyond those. */ readonly requests_left_out: number
}

export type InvocationsReadResultInput = {
  /** The handle in `truncated` of the earlier result. */ readonly id: string
  /** Which part, as named in `parts`: items, body, items[3].body; empty for the whole. */ readonly path?: string | undefined
  /** Where to begin: an item of a list, or a character of a text. */ readonly offset?: number | undefined
  /** How many items, or thousands of characters, at most. */ readonly limit?: number | undefined
}

export type InvocationsReadResultOutput = {
  readonly part: unknown
  readonly total: number
  readonly unit: 'items' | 'characters' | 'value'
  readonly next_offset: number | null
}

export type InvocationsCancelInput = { readonly id: string }

export type InvocationsCancelOutput = {
  readonly id: string
  readonly tool: string
  readonly connector: string
  readonly effect: string
  readonly integration: string | null
  readonly transport: string
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  /** The app through which the person acted. */ readonly app: string | null
  readonly idempotency_key: string | null
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'outcome_unknown'
  readonly attempts: number
  readonly error: Readonly<Record<string, unknown>> | null
  /** The run whose step made it. */ readonly run_id: string | null
  /** The path of that step in the run: each/3/comment. */ readonly step: string | null
  /** The approval that covers it. */ readonly approval_id: string | null
  /** The call that this one undoes. */ readonly undoes: string | null
  /** The call that undid this one. */ readonly undone_by: string | null
  /** What people would not have seen in its output, and was removed from it. */ readonly sanitized: {
    readonly removed: number
    readonly kinds: readonly string[]
  } | null
  readonly started_at: string
  readonly finished_at: string | null
}

export type InvocationsUndoInput = {
  /** Id of the call: `invocation_id` of its answer, or from hub_list_invocations. */ readonly id: string
  /** Undo it although somebody has changed since what it left. That change is lost. */ readonly force?: boolean | undefined
  /** Show the request that would be sent, and send nothing that writes. */ readonly dry_run?: boolean | undefined
  /** Id of the approval that covers the call that undoes. */ readonly approval?: string | undefined
  /** Your name for the conversation, where the hub follows what sessions read. */ readonly session?: string | undefined
}

export type InvocationsUndoOutput = {
  readonly invocation_id: string | null
  readonly status: 'completed' | 'dry_run' | 'queued'
  readonly output: unknown
  readonly replayed: boolean
  readonly truncated?:
    | {
        readonly total_tokens: number
        readonly handle: string
        readonly parts: readonly { readonly path: string; readonly shown: number; readonly total: number; readonly unit: string }[]
        readonly hint: string
      }
    | undefined
  readonly warning?: string | undefined
  /** What people would not have seen in the output, and was removed from it. */ readonly sanitized?:
    | { readonly removed: number; readonly kinds: readonly string[] }
    | undefined
  /** Who may have written the output, and who can read it where it came from. */ readonly labels?:
    | { readonly author: 'trusted' | 'untrusted'; readonly place: 'private' | 'public'; readonly integration: string | null }
    | undefined
}

export type PoliciesGetInput = Readonly<Record<string, never>>

export type PoliciesGetOutput = {
  readonly rules: readonly {
    /** Tool names; * stands for any text. */ readonly tools?: readonly string[] | undefined
    /** Connector names; * stands for any text. */ readonly connectors?: readonly string[] | undefined
    readonly effects?: readonly ('read' | 'write' | 'destroy')[] | undefined
    /** Names or ids of integrations; * stands for any text. The integration is the one that the call uses, named or not. */ readonly integrations?:
      | readonly string[]
      | undefined
    /** Tokens by id or name, with * for any text, or kind:token, kind:operator, kind:system. A flow acts for whoever saved or started it. */ readonly tokens?:
      | readonly string[]
      | undefined
    /** How the call arrived. */ readonly transports?:
      | readonly ('rest' | 'trpc' | 'mcp' | 'amqp' | 'pulsar' | 'cli' | 'flow' | 'tool')[]
      | undefined
    /** Arguments by path, each with a pattern: {"priority": "High*"}; or recipients, project, repository and channel, which mean all fields of that kind. A rule that allows needs every value to match, others one. */ readonly where?:
      | Readonly<Record<string, string>>
      | undefined
    /** A JSONata expression that is true or false, over input, tool, connector, effect, integration (its name), token ({id, name, kind}) and transport: `input.amount > 100`. Where it fails, a rule that allows does not match, and others do. */ readonly when?:
      | string
      | undefined
    /** ask: a person has to approve. */ readonly decision: 'allow' | 'deny' | 'ask'
    /** Shown to whoever is refused. */ readonly reason?: string | undefined
    /** For ask: seconds after which an approval expires; seven days without it. */ readonly expires_in?: number | undefined
    /** For ask: who may decide, as actors (token:tok_…), names of tokens, or scopes. */ readonly approvers?: readonly string[] | undefined
  }[]
  readonly limits?:
    | readonly {
        /** Tokens by id or name, with * for any text, or kind:token, kind:operator, kind:system. A flow acts for whoever saved or started it. */ readonly tokens?:
          | readonly string[]
          | undefined
        /** Counts only calls of these connectors, all of them together; * stands for any text. */ readonly connectors?:
          | readonly string[]
          | undefined
        readonly calls_per_minute?: number | undefined
        /** Calls of tools with the effect destroy, by the day in UTC. */ readonly destructive_per_day?: number | undefined
      }[]
    | undefined
  readonly information_flow?:
    | {
        /** What applies to a write to a public place, or to another system than the one that was read, after a session has read what others may have written. */ readonly after_untrusted:
          | 'ask'
          | 'deny'
        /** What applies to a write to a public place after a session has read private data; as after_untrusted when left out. */ readonly after_private?:
          | 'ask'
          | 'deny'
          | undefined
      }
    | undefined
  readonly sanitize?: 'agents' | 'always' | 'never' | undefined
}

export type PoliciesSetInput = {
  readonly rules?:
    | readonly {
        /** Tool names; * stands for any text. */ readonly tools?: readonly string[] | undefined
        /** Connector names; * stands for any text. */ readonly connectors?: readonly string[] | undefined
        readonly effects?: readonly ('read' | 'write' | 'destroy')[] | undefined
        /** Names or ids of integrations; * stands for any text. The integration is the one that the call uses, named or not. */ readonly integrations?:
          | readonly string[]
          | undefined
        /** Tokens by id or name, with * for any text, or kind:token, kind:operator, kind:system. A flow acts for whoever saved or started it. */ readonly tokens?:
          | readonly string[]
          | undefined
        /** How the call arrived. */ readonly transports?:
          | readonly ('rest' | 'trpc' | 'mcp' | 'amqp' | 'pulsar' | 'cli' | 'flow' | 'tool')[]
          | undefined
        /** Arguments by path, each with a pattern: {"priority": "High*"}; or recipients, project, repository and channel, which mean all fields of that kind. A rule that allows needs every value to match, others one. */ readonly where?:
          | Readonly<Record<string, string>>
          | undefined
        /** A JSONata expression that is true or false, over input, tool, connector, effect, integration (its name), token ({id, name, kind}) and transport: `input.amount > 100`. Where it fails, a rule that allows does not match, and others do. */ readonly when?:
          | string
          | undefined
        /** ask: a person has to approve. */ readonly decision: 'allow' | 'deny' | 'ask'
        /** Shown to whoever is refused. */ readonly reason?: string | undefined
        /** For ask: seconds after which an approval expires; seven days without it. */ readonly expires_in?: number | undefined
        /** For ask: who may decide, as actors (token:tok_…), names of tokens, or scopes. */ readonly approvers?:
          | readonly string[]
          | undefined
      }[]
    | undefined
  readonly limits?:
    | readonly {
        /** Tokens by id or name, with * for any text, or kind:token, kind:operator, kind:system. A flow acts for whoever saved or started it. */ readonly tokens?:
          | readonly string[]
          | undefined
        /** Counts only calls of these connectors, all of them together; * stands for any text. */ readonly connectors?:
          | readonly string[]
          | undefined
        readonly calls_per_minute?: number | undefined
        /** Calls of tools with the effect destroy, by the day in UTC. */ readonly destructive_per_day?: number | undefined
      }[]
    | undefined
  /** Whether the hub follows what sessions have read; off when it is null. */ readonly information_flow?:
    | {
        /** What applies to a write to a public place, or to another system than the one that was read, after a session has read what others may have written. */ readonly after_untrusted:
          | 'ask'
          | 'deny'
        /** What applies to a write to a public place after a session has read private data; as after_untrusted when left out. */ readonly after_private?:
          | 'ask'
          | 'deny'
          | undefined
      }
    | null
    | undefined
  /** For whom outputs are cleaned of what people do not see, such as comments and invisible characters: agents (over MCP, and scripts), always, or never. */ readonly sanitize?:
    | 'agents'
    | 'always'
    | 'never'
    | undefined
}

export type PoliciesSetOutput = {
  readonly rules: readonly {
    /** Tool names; * stands for any text. */ readonly tools?: readonly string[] | undefined
    /** Connector names; * stands for any text. */ readonly connectors?: readonly string[] | undefined
    readonly effects?: readonly ('read' | 'write' | 'destroy')[] | undefined
    /** Names or ids of integrations; * stands for any text. The integration is the one that the call uses, named or not. */ readonly integrations?:
      | readonly string[]
      | undefined
    /** Tokens by id or name, with * for any text, or kind:token, kind:operator, kind:system. A flow acts for whoever saved or started it. */ readonly tokens?:
      | readonly string[]
      | undefined
    /** How the call arrived. */ readonly transports?:
      | readonly ('rest' | 'trpc' | 'mcp' | 'amqp' | 'pulsar' | 'cli' | 'flow' | 'tool')[]
      | undefined
    /** Arguments by path, each with a pattern: {"priority": "High*"}; or recipients, project, repository and channel, which mean all fields of that kind. A rule that allows needs every value to match, others one. */ readonly where?:
      | Readonly<Record<string, string>>
      | undefined
    /** A JSONata expression that is true or false, over input, tool, connector, effect, integration (its name), token ({id, name, kind}) and transport: `input.amount > 100`. Where it fails, a rule that allows does not match, and others do. */ readonly when?:
      | string
      | undefined
    /** ask: a person has to approve. */ readonly decision: 'allow' | 'deny' | 'ask'
    /** Shown to whoever is refused. */ readonly reason?: string | undefined
    /** For ask: seconds after which an approval expires; seven days without it. */ readonly expires_in?: number | undefined
    /** For ask: who may decide, as actors (token:tok_…), names of tokens, or scopes. */ readonly approvers?: readonly string[] | undefined
  }[]
  readonly limits?:
    | readonly {
        /** Tokens by id or name, with * for any text, or kind:token, kind:operator, kind:system. A flow acts for whoever saved or started it. */ readonly tokens?:
          | readonly string[]
          | undefined
        /** Counts only calls of these connectors, all of them together; * stands for any text. */ readonly connectors?:
          | readonly string[]
          | undefined
        readonly calls_per_minute?: number | undefined
        /** Calls of tools with the effect destroy, by the day in UTC. */ readonly destructive_per_day?: number | undefined
      }[]
    | undefined
  readonly information_flow?:
    | {
        /** What applies to a write to a public place, or to another system than the one that was read, after a session has read what others may have written. */ readonly after_untrusted:
          | 'ask'
          | 'deny'
        /** What applies to a write to a public place after a session has read private data; as after_untrusted when left out. */ readonly after_private?:
          | 'ask'
          | 'deny'
          | undefined
      }
    | undefined
  readonly sanitize?: 'agents' | 'always' | 'never' | undefined
}

export type ApprovalsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  /** One or more, separated by commas. */ readonly status?:
    | 'pending'
    | 'approved'
    | 'rejected'
    | 'expired'
    | 'used'
    | readonly ('pending' | 'approved' | 'rejected' | 'expired' | 'used')[]
    | undefined
  /** Only those of this run. */ readonly run?: string | undefined
  /** Only those of calls of this tool. */ readonly tool?: string | undefined
  /** Which come first. */ readonly order?: 'newest' | 'oldest' | undefined
}

export type ApprovalsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly status: 'pending' | 'approved' | 'rejected' | 'expired' | 'used'
    readonly message: string
    /** Actors, names of tokens, or scopes; null: whoever has approvals:write. */ readonly deciders: readonly string[] | null
    /** The one call that the approval covers. */ readonly call: {
      readonly tool: string
      readonly integration: string | null
      readonly input: unknown
    } | null
    /** What the call would send, and what it would change. */ readonly preview: {
      readonly request: unknown
      readonly request_error: string | null
      /** What the call would change, as it was when the approval was requested. Shown to those who may decide. */ readonly current: unknown
      readonly current_error: string | null
    } | null
    /** Null where no tool is called, or where it does not exist any more. */ readonly effect: 'read' | 'write' | 'destroy' | null
    readonly connector: string | null
    /** What a call that destroys is about; a person types it to confirm. */ readonly target: string | null
    /** Of what is shown here. Give it to the decision, which is refused if that has changed since. */ readonly digest: string
    /** Whether the caller may decide. */ readonly may_decide: boolean
    /** Why the caller may not decide. */ readonly refusal: string | null
    readonly run_id: string | null
    readonly path: string | null
    readonly asked_by: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly asked_by_name:
      | string
      | null
    readonly decided_by: string | null
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly decided_by_name:
      | string
      | null
    readonly comment: string | null
    readonly expires_at: string
    readonly created_at: string
    readonly decided_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type ApprovalsGetInput = { /** Id of the approval. */ readonly id: string }

export type ApprovalsGetOutput = {
  readonly id: string
  readonly status: 'pending' | 'approved' | 'rejected' | 'expired' | 'used'
  readonly message: string
  /** Actors, names of tokens, or scopes; null: whoever has approvals:write. */ readonly deciders: readonly string[] | null
  /** The one call that the approval covers. */ readonly call: {
    readonly tool: string
    readonly integration: string | null
    readonly input: unknown
  } | null
  /** What the call would send, and what it would change. */ readonly preview: {
    readonly request: unknown
    readonly request_error: string | null
    /** What the call would change, as it was when the approval was requested. Shown to those who may decide. */ readonly current: unknown
    readonly current_error: string | null
  } | null
  /** Null where no tool is called, or where it does not exist any more. */ readonly effect: 'read' | 'write' | 'destroy' | null
  readonly connector: string | null
  /** What a call that destroys is about; a person types it to confirm. */ readonly target: string | null
  /** Of what is shown here. Give it to the decision, which is refused if that has changed since. */ readonly digest: string
  /** Whether the caller may decide. */ readonly may_decide: boolean
  /** Why the caller may not decide. */ readonly refusal: string | null
  readonly run_id: string | null
  readonly path: string | null
  readonly asked_by: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly asked_by_name:
    | string
    | null
  readonly decided_by: string | null
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly decided_by_name:
    | string
    | null
  readonly comment: string | null
  readonly expires_at: string
  readonly created_at: string
  readonly decided_at: string | null
}

export type ApprovalsDecideInput = {
  /** Id of the approval. */ readonly id: string
  readonly decision: 'approve' | 'reject'
  readonly comment?: string | undefined
  /** Of what you were shown: approving is refused with `approval_changed` if that has changed since. */ readonly digest?:
    | string
    | undefined
}

export type ApprovalsDecideOutput = {
  readonly id: string
  readonly status: 'pending' | 'approved' | 'rejected' | 'expired' | 'used'
  readonly message: string
  /** Actors, names of tokens, or scopes; null: whoever has approvals:write. */ readonly deciders: readonly string[] | null
  /** The one call that the approval covers. */ readonly call: {
    readonly tool: string
    readonly integration: string | null
    readonly input: unknown
  } | null
  /** What the call would send, and what it would change. */ readonly preview: {
    readonly request: unknown
    readonly request_error: string | null
    /** What the call would change, as it was when the approval was requested. Shown to those who may decide. */ readonly current: unknown
    readonly current_error: string | null
  } | null
  /** Null where no tool is called, or where it does not exist any more. */ readonly effect: 'read' | 'write' | 'destroy' | null
  readonly connector: string | null
  /** What a call that destroys is about; a person types it to confirm. */ readonly target: string | null
  /** Of what is shown here. Give it to the decision, which is refused if that has changed since. */ readonly digest: string
  /** Whether the caller may decide. */ readonly may_decide: boolean
  /** Why the caller may not decide. */ readonly refusal: string | null
  readonly run_id: string | null
  readonly path: string | null
  readonly asked_by: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly asked_by_name:
    | string
    | null
  readonly decided_by: string | null
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly decided_by_name:
    | string
    | null
  readonly comment: string | null
  readonly expires_at: string
  readonly created_at: string
  readonly decided_at: string | null
}

export type ApprovalsSettingsInput = Readonly<Record<string, never>>

export type ApprovalsSettingsOutput = {
  /** Whether those who caused a call may decide on its approval: who made it, triggered or saved its flow, and tokens that come from theirs. */ readonly involved_may_decide: boolean
}

export type ApprovalsSetSettingsInput = {
  /** Whether those who caused a call may decide on its approval: who made it, triggered or saved its flow, and tokens that come from theirs. */ readonly involved_may_decide: boolean
}

export type ApprovalsSetSettingsOutput = {
  /** Whether those who caused a call may decide on its approval: who made it, triggered or saved its flow, and tokens that come from theirs. */ readonly involved_may_decide: boolean
}

export type EventsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  /** A type, or a pattern such as github.*; several are separated by commas. */ readonly type?: string | readonly string[] | undefined
  readonly connector?: string | undefined
  /** Name or id. */ readonly integration?: string | undefined
  /** What it is about, such as octo/web#88. */ readonly subject?: string | undefined
  /** One or more, separated by commas. */ readonly status?:
    | 'received'
    | 'dispatched'
    | 'unparsed'
    | 'failed'
    | readonly ('received' | 'dispatched' | 'unparsed' | 'failed')[]
    | undefined
  /** The earliest time of arrival: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of arrival that is too late, in the same form. */ readonly to?: string | undefined
}

export type EventsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly type: string
    readonly connector: string
    readonly integration: string | null
    readonly dedupe_key: string | null
    readonly delivery_id: string | null
    /** The earlier event of this hook with the same body under another delivery id. */ readonly same_body_as: string | null
    readonly verified: boolean
    readonly status: string
    readonly problem: string | null
    readonly subject: string | null
    readonly replays: number
    readonly received_at: string
  }[]
  readonly next_cursor: string | null
}

export type EventsSinceInput = {
  /** A type, or a pattern such as github.*; several are separated by commas. */ readonly type?: string | readonly string[] | undefined
  readonly connector?: string | undefined
  /** Name or id. */ readonly integration?: string | undefined
  /** What it is about, such as octo/web#88. */ readonly subject?: string | undefined
  /** One or more, separated by commas. */ readonly status?:
    | 'received'
    | 'dispatched'
    | 'unparsed'
    | 'failed'
    | readonly ('received' | 'dispatched' | 'unparsed' | 'failed')[]
    | undefined
  /** The earliest time of arrival: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of arrival that is too late, in the same form. */ readonly to?: string | undefined
  /** Id of an event; empty for the first. */ readonly after: string
  /** How many items at most. */ readonly limit?: number | undefined
}

export type EventsSinceOutput = {
  readonly items: readonly {
    readonly id: string
    readonly type: string
    readonly connector: string
    readonly integration: string | null
    readonly dedupe_key: string | null
    readonly delivery_id: string | null
    /** The earlier event of this hook with the same body under another delivery id. */ readonly same_body_as: string | null
    readonly verified: boolean
    readonly status: string
    readonly problem: string | null
    readonly subject: string | null
    readonly replays: number
    readonly received_at: string
  }[]
}

export type EventsGetInput = { readonly id: string }

export type EventsGetOutput = {
  readonly id: string
  readonly type: string
  readonly connector: string
  readonly integration: string | null
  readonly dedupe_key: string | null
  readonly delivery_id: string | null
  /** The earlier event of this hook with the same body under another delivery id. */ readonly same_body_as: string | null
  readonly verified: boolean
  readonly status: string
  readonly problem: string | null
  readonly subject: string | null
  readonly replays: number
  readonly received_at: string
  readonly headers: Readonly<Record<string, unknown>> | null
  /** As it came; base64 when it is not text. */ readonly body: string | null
  readonly body_encoding: 'utf8' | 'base64'
  /** The run that emitted it; such an event is not verified. */ readonly origin: { readonly flow: string; readonly run_id: string } | null
  /** The content of the body, or what a transformation made of it. */ readonly data: unknown
  readonly effects: readonly {
    readonly kind: string
    readonly target: string
    readonly effect_id: string
    readonly replay: number
    readonly at: string
  }[]
}

export type EventsReplayInput = {
  readonly id: string
  /** With the transformation of then, or of now. */ readonly transform?: 'then' | 'now' | undefined
}

export type EventsReplayOutput = { readonly replayed: number }

export type EventsReplayRangeInput = {
  /** A type, or a pattern such as github.*; several are separated by commas. */ readonly type?: string | readonly string[] | undefined
  readonly connector?: string | undefined
  /** Name or id. */ readonly integration?: string | undefined
  /** What it is about, such as octo/web#88. */ readonly subject?: string | undefined
  /** One or more, separated by commas. */ readonly status?:
    | 'received'
    | 'dispatched'
    | 'unparsed'
    | 'failed'
    | readonly ('received' | 'dispatched' | 'unparsed' | 'failed')[]
    | undefined
  /** The earliest time of arrival: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of arrival that is too late, in the same form. */ readonly to?: string | undefined
  /** With the transformation of then, or of now. */ readonly transform?: 'then' | 'now' | undefined
}

export type EventsReplayRangeOutput = { readonly replayed: number }

export type RetentionGetInput = Readonly<Record<string, never>>

export type RetentionGetOutput = {
  readonly events_days: number | null
  readonly events_bytes: number | null
  readonly deliveries_days: number | null
  readonly runs_days: number | null
}

export type RetentionSetInput = {
  readonly events_days?: number | null | undefined
  readonly events_bytes?: number | null | undefined
  readonly deliveries_days?: number | null | undefined
  readonly runs_days?: number | null | undefined
}

export type RetentionSetOutput = {
  readonly events_days: number | null
  readonly events_bytes: number | null
  readonly deliveries_days: number | null
  readonly runs_days: number | null
}

export type EndpointsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
}

export type EndpointsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly url: string
    readonly description: string | null
    readonly types: readonly string[]
    readonly filter: string | null
    /** Why the hub stopped evaluating the filter and sends nothing: set another filter. */ readonly filter_problem: string | null
    readonly transform: string | null
    readonly ordered: boolean
    readonly signature: 'v1' | 'v1a'
    /** What a receiver of v1a verifies with. */ readonly public_key: string | null
    readonly enabled: boolean
    readonly disabled_reason: 'user' | 'gone' | 'failing' | null
    readonly disabled_at: string | null
    readonly failing_since: string | null
    readonly consecutive_failures: number
    readonly paused_until: string | null
    readonly created_at: string
    readonly updated_at: string
  }[]
  readonly next_cursor: string | null
}

export type EndpointsCreateInput = {
  /** Where events are sent: https, or http. */ readonly url: string
  readonly description?: string | null | undefined
  /** Types of events, and patterns such as github.*; all by default. */ readonly types?: readonly string[] | undefined
  /** JSONata over {event}: only events for which it is true are sent. */ readonly filter?: string | null | undefined
  /** JSONata over {event}: what is sent instead of the CloudEvent. */ readonly transform?: string | null | undefined
  /** Events of one subject are sent one after the other; one that fails holds up those behind it. */ readonly ordered?: boolean | undefined
  readonly enabled?: boolean | undefined
  /** Of Standard Webhooks: a shared secret (v1), or an ed25519 key pair (v1a). */ readonly signature?: 'v1' | 'v1a' | undefined
  /** whsec_ or, for v1a, whsk_ and the key in base64; one is made when it is left out. */ readonly secret?: string | undefined
}

export type EndpointsCreateOutput = {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly types: readonly string[]
  readonly filter: string | null
  /** Why the hub stopped evaluating the filter and sends nothing: set another filter. */ readonly filter_problem: string | null
  readonly transform: string | null
  readonly ordered: boolean
  readonly signature: 'v1' | 'v1a'
  /** What a receiver of v1a verifies with. */ readonly public_key: string | null
  readonly enabled: boolean
  readonly disabled_reason: 'user' | 'gone' | 'failing' | null
  readonly disabled_at: string | null
  readonly failing_since: string | null
  readonly consecutive_failures: number
  readonly paused_until: string | null
  readonly created_at: string
  readonly updated_at: string
  /** Only this answer shows it; null where the receiver needs none that was made here. */ readonly secret: string | null
}

export type EndpointsGetInput = { /** Id of the endpoint. */ readonly id: string }

export type EndpointsGetOutput = {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly types: readonly string[]
  readonly filter: string | null
  /** Why the hub stopped evaluating the filter and sends nothing: set another filter. */ readonly filter_problem: string | null
  readonly transform: string | null
  readonly ordered: boolean
  readonly signature: 'v1' | 'v1a'
  /** What a receiver of v1a verifies with. */ readonly public_key: string | null
  readonly enabled: boolean
  readonly disabled_reason: 'user' | 'gone' | 'failing' | null
  readonly disabled_at: string | null
  readonly failing_since: string | null
  readonly consecutive_failures: number
  readonly paused_until: string | null
  readonly created_at: string
  readonly updated_at: string
}

export type EndpointsUpdateInput = {
  /** Id of the endpoint. */ readonly id: string
  /** Where events are sent: https, or http. */ readonly url?: string | undefined
  readonly description?: string | null | undefined
  /** Types of events, and patterns such as github.*; all by default. */ readonly types?: readonly string[] | undefined
  /** JSONata over {event}: only events for which it is true are sent. */ readonly filter?: string | null | undefined
  /** JSONata over {event}: what is sent instead of the CloudEvent. */ readonly transform?: string | null | undefined
  /** Events of one subject are sent one after the other; one that fails holds up those behind it. */ readonly ordered?: boolean | undefined
  readonly enabled?: boolean | undefined
}

export type EndpointsUpdateOutput = {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly types: readonly string[]
  readonly filter: string | null
  /** Why the hub stopped evaluating the filter and sends nothing: set another filter. */ readonly filter_problem: string | null
  readonly transform: string | null
  readonly ordered: boolean
  readonly signature: 'v1' | 'v1a'
  /** What a receiver of v1a verifies with. */ readonly public_key: string | null
  readonly enabled: boolean
  readonly disabled_reason: 'user' | 'gone' | 'failing' | null
  readonly disabled_at: string | null
  readonly failing_since: string | null
  readonly consecutive_failures: number
  readonly paused_until: string | null
  readonly created_at: string
  readonly updated_at: string
}

export type EndpointsDeleteInput = { /** Id of the endpoint. */ readonly id: string }

export type EndpointsDeleteOutput = null

export type EndpointsRotateInput = {
  /** Id of the endpoint. */ readonly id: string
  /** whsec_ or, for v1a, whsk_ and the key in base64; one is made when it is left out. */ readonly secret?: string | undefined
}

export type EndpointsRotateOutput = {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly types: readonly string[]
  readonly filter: string | null
  /** Why the hub stopped evaluating the filter and sends nothing: set another filter. */ readonly filter_problem: string | null
  readonly transform: string | null
  readonly ordered: boolean
  readonly signature: 'v1' | 'v1a'
  /** What a receiver of v1a verifies with. */ readonly public_key: string | null
  readonly enabled: boolean
  readonly disabled_reason: 'user' | 'gone' | 'failing' | null
  readonly disabled_at: string | null
  readonly failing_since: string | null
  readonly consecutive_failures: number
  readonly paused_until: string | null
  readonly created_at: string
  readonly updated_at: string
  /** Only this answer shows it; null where the receiver needs none that was made here. */ readonly secret: string | null
}

export type EndpointsTestInput = { /** Id of the endpoint. */ readonly id: string }

export type EndpointsTestOutput = {
  readonly ok: boolean
  readonly status: number | null
  readonly ms: number
  readonly error: string | null
  readonly request: Readonly<Record<string, unknown>>
  readonly response: Readonly<Record<string, unknown>> | null
}

export type EndpointsReplayInput = {
  /** Id of the endpoint. */ readonly id: string
  /** Types of events, and patterns such as github.*; all by default. */ readonly types?: readonly string[] | undefined
  /** The earliest time: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from: string
  /** The first time that is too late, in the same form; now when left out. */ readonly to?: string | undefined
  /** `next` of the previous answer: continues from there. */ readonly after?: string | undefined
}

export type EndpointsReplayOutput = { readonly replayed: number; /** Set where there are more. */ readonly next: string | null }

export type DeliveriesListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  readonly endpoint?: string | undefined
  /** One or more, separated by commas; dead: all attempts failed. */ readonly status?:
    | 'pending'
    | 'delivered'
    | 'dead'
    | 'cancelled'
    | readonly ('pending' | 'delivered' | 'dead' | 'cancelled')[]
    | undefined
  /** Only those of this event. */ readonly event?: string | undefined
  /** Only those of events of this type. */ readonly type?: string | undefined
  /** Only those whose last error contains this text. */ readonly error?: string | undefined
  /** The earliest time of creation: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of creation that is too late, in the same form. */ readonly to?: string | undefined
}

export type DeliveriesListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly endpoint: string
    readonly event: string
    readonly event_type: string
    readonly replay: number
    readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled'
    readonly attempts: number
    /** When it is tried next, where it waits. */ readonly next_at: string | null
    readonly last_status: number | null
    readonly last_error: string | null
    readonly created_at: string
    readonly finished_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type DeliveriesGetInput = { readonly id: string }

export type DeliveriesGetOutput = {
  readonly id: string
  readonly endpoint: string
  readonly event: string
  readonly event_type: string
  readonly replay: number
  readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled'
  readonly attempts: number
  /** When it is tried next, where it waits. */ readonly next_at: string | null
  readonly last_status: number | null
  readonly last_error: string | null
  readonly created_at: string
  readonly finished_at: string | null
  /** The id by which the receiver recognises a repetition. */ readonly webhook_id: string
  readonly cloud_event: unknown
  readonly log: readonly {
    readonly number: number
    readonly at: string
    readonly ms: number
    readonly request: Readonly<Record<string, unknown>>
    readonly response: Readonly<Record<string, unknown>> | null
    readonly error: string | null
  }[]
}

export type DeliveriesRetryInput = { readonly id: string }

export type DeliveriesRetryOutput = {
  readonly id: string
  readonly endpoint: string
  readonly event: string
  readonly event_type: string
  readonly replay: number
  readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled'
  readonly attempts: number
  /** When it is tried next, where it waits. */ readonly next_at: string | null
  readonly last_status: number | null
  readonly last_error: string | null
  readonly created_at: string
  readonly finished_at: string | null
}

export type DeliveriesCountsInput = {
  /** The earliest time of creation: a time, or how long ago, such as -24h. */ readonly from?: string | undefined
}

export type DeliveriesCountsOutput = {
  readonly items: readonly {
    readonly endpoint: string
    readonly delivered: number
    readonly pending: number
    readonly dead: number
    readonly cancelled: number
  }[]
}

export type DeliveriesRetryRangeInput = {
  readonly endpoint?: string | undefined
  readonly status?: 'dead' | 'delivered' | 'pending' | undefined
  /** The earliest time of creation: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of creation that is too late, in the same form. */ readonly to?: string | undefined
}

export type DeliveriesRetryRangeOutput = { readonly retried: number }

export type FlowsSaveInput = {
  /** The definition; its schema is at /schemas/flow.json. */ readonly definition?: Readonly<Record<string, unknown>> | undefined
  /** The same as a text, in YAML or JSON. */ readonly source?: string | undefined
  /** The version that was edited, 0 for a new flow: if the flow has another one by now, it is not saved (409 `flow_changed`). */ readonly based_on?:
    | number
    | undefined
}

export type FlowsSaveOutput = {
  /** As its definition says. */ readonly id: string
  readonly flow_id: string
  readonly name: string | null
  readonly description: string | null
  readonly version: number
  readonly enabled: boolean
  readonly origin: 'user' | 'bundled'
  /** Who saved or adopted it last: it runs with their rights. */ readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  /** Why nothing starts it: who saved it has lost their rights. Null while it runs. */ readonly blocked: string | null
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly on: readonly Readonly<Record<string, unknown>>[]
  /** The name under which it is a tool. */ readonly tool: string | null
  readonly digest: string
  readonly created_at: string
  readonly updated_at: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly source: string
  /** When its schedules start it next; empty while it is disabled. */ readonly next_starts: readonly {
    /** Its place in `on`, from 0. */ readonly trigger: number
    readonly at: string | null
  }[]
}

export type FlowsReplaceInput = {
  /** Id of the flow. */ readonly id: string
  /** The definition; its schema is at /schemas/flow.json. */ readonly definition?: Readonly<Record<string, unknown>> | undefined
  /** The same as a text, in YAML or JSON. */ readonly source?: string | undefined
  /** The version that was edited, 0 for a new flow: if the flow has another one by now, it is not saved (409 `flow_changed`). */ readonly based_on?:
    | number
    | undefined
}

export type FlowsReplaceOutput = {
  /** As its definition says. */ readonly id: string
  readonly flow_id: string
  readonly name: string | null
  readonly description: string | null
  readonly version: number
  readonly enabled: boolean
  readonly origin: 'user' | 'bundled'
  /** Who saved or adopted it last: it runs with their rights. */ readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  /** Why nothing starts it: who saved it has lost their rights. Null while it runs. */ readonly blocked: string | null
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly on: readonly Readonly<Record<string, unknown>>[]
  /** The name under which it is a tool. */ readonly tool: string | null
  readonly digest: string
  readonly created_at: string
  readonly updated_at: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly source: string
  /** When its schedules start it next; empty while it is disabled. */ readonly next_starts: readonly {
    /** Its place in `on`, from 0. */ readonly trigger: number
    readonly at: string | null
  }[]
}

export type FlowsCheckInput = {
  /** The definition; its schema is at /schemas/flow.json. */ readonly definition?: Readonly<Record<string, unknown>> | undefined
  /** The same as a text, in YAML or JSON. */ readonly source?: string | undefined
}

export type FlowsCheckOutput = {
  readonly ok: boolean
  readonly problems: readonly {
    readonly line: number
    readonly column: number
    readonly path: string
    readonly message: string
    readonly remedy: string
  }[]
}

export type FlowsListInput = Readonly<Record<string, never>>

export type FlowsListOutput = {
  readonly items: readonly {
    /** As its definition says. */ readonly id: string
    readonly flow_id: string
    readonly name: string | null
    readonly description: string | null
    readonly version: number
    readonly enabled: boolean
    readonly origin: 'user' | 'bundled'
    /** Who saved or adopted it last: it runs with their rights. */ readonly actor: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
      | string
      | null
    /** Why nothing starts it: who saved it has lost their rights. Null while it runs. */ readonly blocked: string | null
    readonly parameters: Readonly<Record<string, unknown>> | null
    readonly on: readonly Readonly<Record<string, unknown>>[]
    /** The name under which it is a tool. */ readonly tool: string | null
    readonly digest: string
    readonly created_at: string
    readonly updated_at: string
  }[]
  readonly next_cursor: string | null
}

export type FlowsGetInput = { /** Id of the flow. */ readonly id: string }

export type FlowsGetOutput = {
  /** As its definition says. */ readonly id: string
  readonly flow_id: string
  readonly name: string | null
  readonly description: string | null
  readonly version: number
  readonly enabled: boolean
  readonly origin: 'user' | 'bundled'
  /** Who saved or adopted it last: it runs with their rights. */ readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  /** Why nothing starts it: who saved it has lost their rights. Null while it runs. */ readonly blocked: string | null
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly on: readonly Readonly<Record<string, unknown>>[]
  /** The name under which it is a tool. */ readonly tool: string | null
  readonly digest: string
  readonly created_at: string
  readonly updated_at: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly source: string
  /** When its schedules start it next; empty while it is disabled. */ readonly next_starts: readonly {
    /** Its place in `on`, from 0. */ readonly trigger: number
    readonly at: string | null
  }[]
}

export type FlowsVersionsInput = { /** Id of the flow. */ readonly id: string }

export type FlowsVersionsOutput = {
  readonly items: readonly {
    readonly version: number
    readonly actor: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
      | string
      | null
    readonly digest: string
    readonly definition: Readonly<Record<string, unknown>>
    readonly source: string
    readonly created_at: string
  }[]
  readonly next_cursor: string | null
}

export type FlowsUpdateInput = { /** Id of the flow. */ readonly id: string; readonly enabled: boolean }

export type FlowsUpdateOutput = {
  /** As its definition says. */ readonly id: string
  readonly flow_id: string
  readonly name: string | null
  readonly description: string | null
  readonly version: number
  readonly enabled: boolean
  readonly origin: 'user' | 'bundled'
  /** Who saved or adopted it last: it runs with their rights. */ readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  /** Why nothing starts it: who saved it has lost their rights. Null while it runs. */ readonly blocked: string | null
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly on: readonly Readonly<Record<string, unknown>>[]
  /** The name under which it is a tool. */ readonly tool: string | null
  readonly digest: string
  readonly created_at: string
  readonly updated_at: string
}

export type FlowsAdoptInput = { /** Id of the flow. */ readonly id: string }

export type FlowsAdoptOutput = {
  /** As its definition says. */ readonly id: string
  readonly flow_id: string
  readonly name: string | null
  readonly description: string | null
  readonly version: number
  readonly enabled: boolean
  readonly origin: 'user' | 'bundled'
  /** Who saved or adopted it last: it runs with their rights. */ readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  /** Why nothing starts it: who saved it has lost their rights. Null while it runs. */ readonly blocked: string | null
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly on: readonly Readonly<Record<string, unknown>>[]
  /** The name under which it is a tool. */ readonly tool: string | null
  readonly digest: string
  readonly created_at: string
  readonly updated_at: string
}

export type FlowsDeleteInput = { /** Id of the flow. */ readonly id: string }

export type FlowsDeleteOutput = null

export type FlowsTriggerInput = {
  /** Id of the flow. */ readonly id: string
  /** What the flow is started with. */ readonly parameters?: Readonly<Record<string, unknown>> | undefined
  /** Run what only reads, and show what would be written. */ readonly dry_run?: boolean | undefined
  /** Outputs by path, which a dry run takes instead of running those steps. */ readonly outputs?:
    | Readonly<Record<string, unknown>>
    | undefined
  /** How many seconds to wait for its end: the answer is the run if it ended, or its id if it takes longer. */ readonly wait?:
    | number
    | undefined
}

export type FlowsTriggerOutput =
  | {
      readonly id: string
      readonly flow: string
      readonly flow_id: string
      readonly version: number
      readonly status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'
      readonly trigger: Readonly<Record<string, unknown>>
      readonly event_id: string | null
      readonly error: Readonly<Record<string, unknown>> | null
      readonly actor: string
      /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
        | string
        | null
      readonly dry_run: boolean
      readonly replay_of: string | null
      readonly parent_run: string | null
      readonly parent_path: string | null
      /** When a waiting run continues at the latest. */ readonly wake_at: string | null
      readonly deadline_at: string | null
      readonly created_at: string
      readonly started_at: string | null
      readonly finished_at: string | null
      readonly parameters: Readonly<Record<string, unknown>>
      readonly outputs: unknown
    }
  | { readonly run_id: string; readonly status: string }

export type FlowsDryRunInput = {
  /** The definition; its schema is at /schemas/flow.json. */ readonly definition?: Readonly<Record<string, unknown>> | undefined
  /** The same as a text, in YAML or JSON. */ readonly source?: string | undefined
  /** What the flow is started with. */ readonly parameters?: Readonly<Record<string, unknown>> | undefined
  /** Id of a stored event that it runs for. */ readonly event?: string | undefined
  /** Outputs by path, which it takes instead of running those steps. */ readonly outputs?: Readonly<Record<string, unknown>> | undefined
  /** How many seconds to wait for its end. */ readonly wait?: number | undefined
}

export type FlowsDryRunOutput = {
  readonly id: string
  readonly flow: string
  readonly flow_id: string
  readonly version: number
  readonly status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'
  readonly trigger: Readonly<Record<string, unknown>>
  readonly event_id: string | null
  readonly error: Readonly<Record<string, unknown>> | null
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  readonly dry_run: boolean
  readonly replay_of: string | null
  readonly parent_run: string | null
  readonly parent_path: string | null
  /** When a waiting run continues at the latest. */ readonly wake_at: string | null
  readonly deadline_at: string | null
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly parameters: Readonly<Record<string, unknown>>
  readonly outputs: unknown
  readonly steps: readonly {
    /** Where in the run: each/3/comment. */ readonly path: string
    readonly step: string
    readonly kind: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'skipped'
    readonly input: unknown
    readonly output: unknown
    readonly error: Readonly<Record<string, unknown>> | null
    readonly attempts: number
    readonly invocation_id: string | null
    readonly waits_until: string | null
    readonly started_at: string
    readonly finished_at: string | null
    readonly ms: number | null
  }[]
}

export type RunsListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  readonly flow?: string | undefined
  /** Only those in one of these states, separated by commas. */ readonly status?:
    | 'queued'
    | 'running'
    | 'waiting'
    | 'completed'
    | 'failed'
    | 'cancelled'
    | 'skipped'
    | 'quarantined'
    | readonly ('queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined')[]
    | undefined
  /** Only those that this event started. */ readonly event?: string | undefined
  /** Only those that this run started. */ readonly parent?: string | undefined
  /** Only those that run with the rights of this actor. */ readonly actor?: string | undefined
  /** Only those that failed with this error code. */ readonly error?: string | undefined
  /** The earliest time of creation: 2026-01-31T12:00:00Z, or how long ago, such as -24h. */ readonly from?: string | undefined
  /** The first time of creation that is too late, in the same form. */ readonly to?: string | undefined
}

export type RunsListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly flow: string
    readonly flow_id: string
    readonly version: number
    readonly status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'
    readonly trigger: Readonly<Record<string, unknown>>
    readonly event_id: string | null
    readonly error: Readonly<Record<string, unknown>> | null
    readonly actor: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
      | string
      | null
    readonly dry_run: boolean
    readonly replay_of: string | null
    readonly parent_run: string | null
    readonly parent_path: string | null
    /** When a waiting run continues at the latest. */ readonly wake_at: string | null
    readonly deadline_at: string | null
    readonly created_at: string
    readonly started_at: string | null
    readonly finished_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type RunsGetInput = { /** Id of the run. */ readonly id: string }

export type RunsGetOutput = {
  readonly id: string
  readonly flow: string
  readonly flow_id: string
  readonly version: number
  readonly status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'
  readonly trigger: Readonly<Record<string, unknown>>
  readonly event_id: string | null
  readonly error: Readonly<Record<string, unknown>> | null
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  readonly dry_run: boolean
  readonly replay_of: string | null
  readonly parent_run: string | null
  readonly parent_path: string | null
  /** When a waiting run continues at the latest. */ readonly wake_at: string | null
  readonly deadline_at: string | null
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly parameters: Readonly<Record<string, unknown>>
  readonly outputs: unknown
  readonly steps: readonly {
    /** Where in the run: each/3/comment. */ readonly path: string
    readonly step: string
    readonly kind: string
    readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'skipped'
    readonly input: unknown
    readonly output: unknown
    readonly error: Readonly<Record<string, unknown>> | null
    readonly attempts: number
    readonly invocation_id: string | null
    readonly waits_until: string | null
    readonly started_at: string
    readonly finished_at: string | null
    readonly ms: number | null
  }[]
}

export type RunsDefinitionInput = { /** Id of the run. */ readonly id: string }

export type RunsDefinitionOutput = {
  readonly id: string
  readonly flow: string
  readonly flow_id: string
  /** Null for a dry run of a flow that is not saved. */ readonly version: number | null
  readonly definition: Readonly<Record<string, unknown>>
}

export type RunsCancelInput = { /** Id of the run. */ readonly id: string }

export type RunsCancelOutput = {
  readonly id: string
  readonly flow: string
  readonly flow_id: string
  readonly version: number
  readonly status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'
  readonly trigger: Readonly<Record<string, unknown>>
  readonly event_id: string | null
  readonly error: Readonly<Record<string, unknown>> | null
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  readonly dry_run: boolean
  readonly replay_of: string | null
  readonly parent_run: string | null
  readonly parent_path: string | null
  /** When a waiting run continues at the latest. */ readonly wake_at: string | null
  readonly deadline_at: string | null
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly parameters: Readonly<Record<string, unknown>>
  readonly outputs: unknown
}

export type RunsRetryInput = { /** Id of the run. */ readonly id: string }

export type RunsRetryOutput = {
  readonly id: string
  readonly flow: string
  readonly flow_id: string
  readonly version: number
  readonly status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'
  readonly trigger: Readonly<Record<string, unknown>>
  readonly event_id: string | null
  readonly error: Readonly<Record<string, unknown>> | null
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  readonly dry_run: boolean
  readonly replay_of: string | null
  readonly parent_run: string | null
  readonly parent_path: string | null
  /** When a waiting run continues at the latest. */ readonly wake_at: string | null
  readonly deadline_at: string | null
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly parameters: Readonly<Record<string, unknown>>
  readonly outputs: unknown
}

export type RunsReplayInput = {
  /** Id of the run. */ readonly id: string
  /** By the definition of then, or of now. */ readonly version?: 'same' | 'latest' | undefined
  /** With the outputs of then instead of calls. */ readonly dry_run?: boolean | undefined
}

export type RunsReplayOutput = { readonly run_id: string; readonly status: string }

export type RunsWatchInput = {
  /** Id of the run. */ readonly id: string
  /** The id of the last event that was received. */ readonly after?: string | undefined
}

export type HintsWatchInput = { /** The id of the last event that was received. */ readonly after?: string | undefined }

export type StatsGetInput = {
  /** The last 24 hours when left out. */ readonly from?: string | undefined
  /** Now when left out. */ readonly to?: string | undefined
}

export type StatsGetOutput = {
  readonly from: string
  readonly to: string
  /** How much time each point covers. */ readonly bucket_seconds: number
  readonly totals: {
    /** Needs events:read. */ readonly events?: { readonly received: number } | undefined
    /** Needs flows:read. */ readonly runs?: { readonly started: number; readonly completed: number; readonly failed: number } | undefined
    /** Needs invocations:read. Within p95_ms, 95 % of the calls ended; it is read from a histogram. */ readonly calls?:
      | { readonly made: number; readonly failed: number; readonly p50_ms: number | null; readonly p95_ms: number | null }
      | undefined
    /** Needs events:read. */ readonly deliveries?: { readonly delivered: number; readonly dead: number } | undefined
  }
  readonly points: readonly {
    /** Where its time begins. */ readonly at: string
    /** Needs events:read. */ readonly events?: { readonly received: number } | undefined
    /** Needs flows:read. */ readonly runs?: { readonly started: number; readonly completed: number; readonly failed: number } | undefined
    /** Needs invocations:read. Within p95_ms, 95 % of the calls ended; it is read from a histogram. */ readonly calls?:
      | { readonly made: number; readonly failed: number; readonly p50_ms: number | null; readonly p95_ms: number | null }
      | undefined
    /** Needs events:read. */ readonly deliveries?: { readonly delivered: number; readonly dead: number } | undefined
  }[]
}

export type TracesGetInput = { readonly id: string }

export type TracesGetOutput = {
  /** What began it all. */ readonly root: string
  /** The node that was asked for. */ readonly selected: string
  /** Each after its parent, oldest first; 2,000 at most. */ readonly nodes: readonly {
    /** Its own id; a step has RUN/PATH, a request CALL#NUMBER. */ readonly id: string
    /** What caused it. */ readonly parent: string | null
    readonly kind: 'event' | 'run' | 'step' | 'item' | 'call' | 'request' | 'approval' | 'delivery'
    readonly title: string
    readonly status: string
    readonly started_at: string | null
    readonly finished_at: string | null
    /** What it waits for. */ readonly wait: {
      readonly for: 'time' | 'event' | 'approval' | 'run' | 'retry'
      readonly until: string | null
    } | null
    readonly attempts: number | null
    readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null
    readonly detail: string | null
    /** Of a run: the version of its flow, 0 for a dry run of one that is not saved. */ readonly version: number | null
  }[]
  /** How many were read but are not among the nodes, by kind. */ readonly left_out: Readonly<Record<string, number>>
  /** Kinds of which there may be more than were read, so that left_out does not count them all. */ readonly more: readonly string[]
  /** Without these the caller does not see everything. */ readonly missing_scopes: readonly string[]
}

export type ActorsListInput = Readonly<Record<string, never>>

export type ActorsListOutput = {
  readonly items: readonly {
    /** What lists take as `actor`. */ readonly actor: string
    readonly kind: 'token' | 'user' | 'flow'
    readonly name: string
  }[]
  readonly next_cursor: string | null
}

export type DemoGetInput = Readonly<Record<string, never>>

export type DemoGetOutput = {
  /** Whether this hub offers the demo: HUB_DEMO. */ readonly enabled: boolean
  /** Whether the demo systems of this workspace run in this process. */ readonly running: boolean
  readonly integrations: readonly { readonly id: string; readonly name: string; readonly integration_type: string }[]
  /** The sample flow, which runs by hand and when the sample webhook arrives. */ readonly flow: string | null
}

export type DemoStartInput = Readonly<Record<string, never>>

export type DemoStartOutput = {
  /** Whether this hub offers the demo: HUB_DEMO. */ readonly enabled: boolean
  /** Whether the demo systems of this workspace run in this process. */ readonly running: boolean
  readonly integrations: readonly { readonly id: string; readonly name: string; readonly integration_type: string }[]
  /** The sample flow, which runs by hand and when the sample webhook arrives. */ readonly flow: string | null
}

export type DemoStopInput = Readonly<Record<string, never>>

export type DemoStopOutput = {
  /** Whether this hub offers the demo: HUB_DEMO. */ readonly enabled: boolean
  /** Whether the demo systems of this workspace run in this process. */ readonly running: boolean
  readonly integrations: readonly { readonly id: string; readonly name: string; readonly integration_type: string }[]
  /** The sample flow, which runs by hand and when the sample webhook arrives. */ readonly flow: string | null
}

export type DemoSendWebhookInput = Readonly<Record<string, never>>

export type DemoSendWebhookOutput = { readonly event_id: string }

export type BusesListInput = Readonly<Record<string, never>>

export type BusesListOutput = {
  readonly items: readonly {
    readonly name: 'amqp' | 'pulsar' | 'local'
    /** elsewhere: only other processes are connected to it. */ readonly status: 'connected' | 'connecting' | 'stopped' | 'elsewhere'
    readonly since: string | null
    readonly problem: string | null
    /** The types of the events that are published there. */ readonly events: readonly string[]
    /** Events that the broker has not confirmed yet. */ readonly waiting: number
    readonly oldest_waiting_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type BusesMessagesInput = Readonly<Record<string, never>>

export type BusesMessagesOutput = {
  readonly items: readonly {
    readonly bus: 'amqp' | 'pulsar' | 'local'
    readonly direction: 'in' | 'out'
    readonly topic: string
    readonly key: string | null
    readonly id: string | null
    readonly bytes: number
    /** What became of a message that came in: completed, failed, stored or dead. */ readonly outcome: string | null
    readonly at: string
  }[]
  readonly next_cursor: string | null
}

export type BusesPingInput = { readonly name: 'amqp' | 'pulsar' | 'local' }

export type BusesPingOutput = { readonly name: 'amqp' | 'pulsar' | 'local'; readonly ms: number }

export type BusesPublishInput = {
  readonly name: 'amqp' | 'pulsar' | 'local'
  readonly topic: string
  /** Messages with the same key keep their order. */ readonly key?: string | undefined
  /** The content, any JSON. */ readonly data: unknown
}

export type BusesPublishOutput = { readonly id: string }

export type BusesTailInput = { readonly name: 'amqp' | 'pulsar' | 'local'; readonly topic: string }

export type BusesRemoveInput = { readonly name: 'amqp' | 'pulsar' | 'local' }

export type BusesRemoveOutput = null

export type BulkStartInput = {
  readonly action:
    | 'runs.retry'
    | 'runs.replay'
    | 'runs.cancel'
    | 'events.replay'
    | 'deliveries.retry'
    | 'approvals.approve'
    | 'approvals.reject'
  /** What the list of the same subject takes, without `limit` and `cursor`: runs.list, events.list, deliveries.list (dead ones), approvals.list (pending ones, with `tool`). */ readonly filter?:
    | Readonly<Record<string, unknown>>
    | undefined
  /** Instead of a filter. */ readonly ids?: readonly string[] | undefined
  /** What the single operation takes beside the id, such as `version` of runs.replay or `comment` of a decision. */ readonly input?:
    | Readonly<Record<string, unknown>>
    | undefined
  /** What was confirmed: refused when more match than this. */ readonly expected?: number | undefined
  /** Act on the newest that many where more match. Without it, more than 1,000 are refused. */ readonly first?: number | undefined
  /** Only say how many match. */ readonly dry_run?: boolean | undefined
}

export type BulkStartOutput = {
  readonly dry_run: boolean
  /** How many it acts on. */ readonly total: number
  /** Whether more match, which it does not act on. */ readonly more: boolean
  /** Null in a dry run. */ readonly bulk: {
    readonly id: string
    readonly action: string
    /** stopped: whoever asked for it lost the right to it, which `error` says. */ readonly status:
      | 'running'
      | 'completed'
      | 'cancelled'
      | 'stopped'
    /** Null where the ids were given. */ readonly filter: Readonly<Record<string, unknown>> | null
    readonly input: Readonly<Record<string, unknown>>
    readonly actor: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
      | string
      | null
    readonly total: number
    /** How many went well. */ readonly done: number
    readonly failed: number
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly created_at: string
    readonly finished_at: string | null
  } | null
}

export type BulkListInput = {
  /** How many items at most. */ readonly limit?: number | undefined
  /** `next_cursor` of the page before. */ readonly cursor?: string | undefined
  readonly action?:
    | 'runs.retry'
    | 'runs.replay'
    | 'runs.cancel'
    | 'events.replay'
    | 'deliveries.retry'
    | 'approvals.approve'
    | 'approvals.reject'
    | undefined
  readonly status?: 'running' | 'completed' | 'cancelled' | 'stopped' | undefined
}

export type BulkListOutput = {
  readonly items: readonly {
    readonly id: string
    readonly action: string
    /** stopped: whoever asked for it lost the right to it, which `error` says. */ readonly status:
      | 'running'
      | 'completed'
      | 'cancelled'
      | 'stopped'
    /** Null where the ids were given. */ readonly filter: Readonly<Record<string, unknown>> | null
    readonly input: Readonly<Record<string, unknown>>
    readonly actor: string
    /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
      | string
      | null
    readonly total: number
    /** How many went well. */ readonly done: number
    readonly failed: number
    readonly error: { readonly code: string; readonly detail: string } | null
    readonly created_at: string
    readonly finished_at: string | null
  }[]
  readonly next_cursor: string | null
}

export type BulkGetInput = { /** Id of the bulk action. */ readonly id: string }

export type BulkGetOutput = {
  readonly id: string
  readonly action: string
  /** stopped: whoever asked for it lost the right to it, which `error` says. */ readonly status:
    | 'running'
    | 'completed'
    | 'cancelled'
    | 'stopped'
  /** Null where the ids were given. */ readonly filter: Readonly<Record<string, unknown>> | null
  readonly input: Readonly<Record<string, unknown>>
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  readonly total: number
  /** How many went well. */ readonly done: number
  readonly failed: number
  readonly error: { readonly code: string; readonly detail: string } | null
  readonly created_at: string
  readonly finished_at: string | null
  /** The first 200, in the order in which they were done. */ readonly failures: readonly {
    readonly code: string
    readonly detail: string
    readonly id: string
  }[]
}

export type BulkCancelInput = { /** Id of the bulk action. */ readonly id: string }

export type BulkCancelOutput = {
  readonly id: string
  readonly action: string
  /** stopped: whoever asked for it lost the right to it, which `error` says. */ readonly status:
    | 'running'
    | 'completed'
    | 'cancelled'
    | 'stopped'
  /** Null where the ids were given. */ readonly filter: Readonly<Record<string, unknown>> | null
  readonly input: Readonly<Record<string, unknown>>
  readonly actor: string
  /** What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none. */ readonly actor_name:
    | string
    | null
  readonly total: number
  /** How many went well. */ readonly done: number
  readonly failed: number
  readonly error: { readonly code: string; readonly detail: string } | null
  readonly created_at: string
  readonly finished_at: string | null
}

export type WebhooksRejectionsInput = {
  /** Name or id of the integration. */ readonly hook?: string | undefined
  /** How many items at most. */ readonly limit?: number | undefined
}

export type WebhooksRejectionsOutput = {
  readonly items: readonly {
    readonly hook: string
    readonly reason: string
    readonly connector: string | null
    readonly address: string
    readonly count: number
    readonly minute: string
    readonly last_at: string
  }[]
  readonly next_cursor: string | null
}

export type WebhooksLogInput = {
  /** Name or id of the integration. */ readonly hook: string
  /** How many items at most. */ readonly limit?: number | undefined
}

export type WebhooksLogOutput = {
  readonly items: readonly {
    readonly id: string
    readonly type: string
    readonly connector: string
    readonly integration: string | null
    readonly dedupe_key: string | null
    readonly delivery_id: string | null
    /** The earlier event of this hook with the same body under another delivery id. */ readonly same_body_as: string | null
    readonly verified: boolean
    readonly status: string
    readonly problem: string | null
    readonly subject: string | null
    readonly replays: number
    readonly received_at: string
  }[]
  readonly rejections: readonly {
    readonly hook: string
    readonly reason: string
    readonly connector: string | null
    readonly address: string
    readonly count: number
    readonly minute: string
    readonly last_at: string
  }[]
  readonly next_cursor: null
}

export type WebhooksPreviewInput = {
  /** Name or id of the integration. */ readonly hook: string
  /** A stored event; otherwise the sample below. Without either, the last delivery, or the connector’s first sample where there is none. */ readonly event_id?:
    | string
    | undefined
  /** The connector’s sample of this type of event. */ readonly sample?: string | undefined
  /** Headers of the sample. */ readonly headers?: Readonly<Record<string, string>> | undefined
  /** Body of the sample: a text as it is, anything else as JSON. */ readonly body?: unknown
}

export type WebhooksPreviewOutput = {
  readonly type: string
  readonly subject: string | null
  readonly data: unknown
  readonly matches: readonly { readonly kind: string; readonly target: string }[]
}

export type WebhooksSendSampleInput = {
  /** Name or id of the integration. */ readonly hook: string
  /** The type of the event, such as issues; the connector’s first sample when left out. */ readonly event?: string | undefined
}

export type WebhooksSendSampleOutput = { readonly event_id: string }
