import { hubError } from '#errors'
import { allows } from '#lib/scopes'

/**
 * A scope is `area:verb` and can be narrowed with more parts: `tools:call` covers `tools:call:github` and
 * `tools:call:github_get_repository`. `admin` covers everything in its workspace, `hub:admin` every workspace and the hub itself.
 */
export const scopes = {
  admin: 'Everything in the workspace.',
  'hub:admin': 'Everything in every workspace, and the hub itself: workspaces, keys.',
  'tools:read': 'List and describe tools.',
  'tools:call': 'Call tools, and read what the own calls and runs gave; narrowed: tools:call:CONNECTOR or tools:call:TOOL.',
  'invocations:read': 'See everybody’s tool calls, with their inputs and outputs.',
  'integrations:read': 'See integrations and their health.',
  'integrations:write':
    'Make, change, test and delete integrations. To send a stored credential to a new address, credentials:write is needed too.',
  'credentials:read': 'See names, kinds and dates of credentials; never values.',
  'credentials:write': 'Set and delete credentials.',
  'events:read': 'See events and deliveries.',
  'events:write': 'Replay events; manage webhooks and outbound endpoints.',
  'flows:read': 'See flows and runs.',
  'flows:write': 'Make, change and delete flows.',
  'flows:run': 'Start, cancel and retry runs.',
  'approvals:read': 'See approvals, with the arguments of the calls that they are about.',
  'approvals:write': 'Decide on approvals.',
  'content:read': 'Search and read synced content, as far as the caller may read it where it comes from.',
  'content:all': 'Search and read all synced content of the workspace, whoever may read it where it comes from.',
  'jobs:create': 'Ask for analyses.',
  'jobs:read': 'See analyses.',
  'tokens:read': 'See tokens; never their values.',
  'tokens:write': 'Make and revoke tokens, with no more than the own scopes.',
  'tokens:own': 'Make, see and revoke the own tokens of a person.',
  'people:read': 'See the members of the workspace and their roles.',
  'people:write': 'Invite people, change their roles, remove them and end their sign-in sessions.',
  'audit:read': 'Read the audit log.',
  'metrics:read': 'Read the metrics of the workspace at /metrics.',
  'hub:metrics': 'Read the metrics of the whole hub at /metrics.',
} as const satisfies Record<string, string>

export type Scope = keyof typeof scopes

/**
 * What an agent may do that acts for a person or for whoever operates the hub. It can neither decide on approvals, because its own calls may be what
 * they are about, nor store anything that goes on without it, such as flows and tokens, nor see secrets.
 */
export const agentScopes = [
  'tools:call',
  'tools:read',
  'invocations:read',
  'integrations:read',
  'events:read',
  'flows:read',
  'flows:run',
  'approvals:read',
  'content:read',
] as const satisfies readonly Scope[]

export function isKnownScope(scope: string): boolean {
  return Object.hasOwn(scopes, scope) || /^tools:call:[a-z0-9][a-z0-9_-]*$/.test(scope)
}

/** The caller: a token, a person, the operator at the command line, or the hub itself, in exactly one workspace. */
export interface Principal {
  readonly kind: 'token' | 'user' | 'operator' | 'system'
  readonly id: string
  readonly name: string
  readonly workspaceId: string
  readonly scopes: readonly string[]
  readonly readOnly: boolean
  /** When its token expires. Tokens that it creates expire no later. */
  readonly expiresAt?: Date | null
  /** The person who acts, or whose token acts. */
  readonly userId?: string | undefined
  /** The app through which a person acts. */
  readonly app?: ActingApp | undefined
  /** The sign-in session of a person. */
  readonly sessionId?: string | undefined
  /** The tokens and people that made this token, directly or through others, as actors. */
  readonly ancestors: readonly string[]
  /** Others who caused what this principal does: for a step of a run, whoever triggered the run and whoever saved the flow. */
  readonly causes: readonly string[]
}

/** What a person allowed an app. */
export interface ActingApp {
  readonly grantId: string
  readonly name: string
  /** The query of the resource that it was allowed: it sees no other tools. */
  readonly view: string
  /** What the person may do, of which the app was allowed a part. */
  readonly rights: readonly string[]
}

/** The workspace of a person who is a member nowhere. */
export const nowhere = ''

export function requireScope(principal: Principal, needed: string): void {
  if (allows(principal, needed)) return
  const scope = needed.replace(/:\*$/, '')
  if (principal.workspaceId === nowhere) {
    throw hubError('scope_missing', {
      detail: 'you are not a member of any workspace',
      hint: 'ask an administrator of the workspace for an invitation',
    })
  }
  if (principal.app) {
    throw hubError('scope_missing', {
      detail: `${principal.app.name} was not allowed ${scope}; needed: ${scope}`,
      hint: 'the person for whom the app acts allows it when the app asks for this scope',
    })
  }
  if (principal.kind === 'user') {
    throw hubError('scope_missing', {
      detail: `your role in this workspace lacks the scope ${scope}; needed: ${scope}`,
      hint: 'ask an administrator of the workspace for another role',
    })
  }
  const reason = principal.readOnly ? 'this token is read-only' : `this token lacks the scope ${scope}`
  throw hubError('scope_missing', { detail: `${reason}; needed: ${scope}`, hint: `ask an administrator for a token with ${scope}` })
}

export function actorOf(principal: Pick<Principal, 'kind' | 'id'>): string {
  return `${principal.kind}:${principal.id}`
}

/** Everybody who caused what this principal does: itself, the tokens and people that it comes from, and its causes. */
export function actorsBehind(principal: Principal): string[] {
  return [...new Set([actorOf(principal), ...principal.ancestors, ...principal.causes])]
}

/** Whether a principal has every right that somebody else has. */
export function coversRights(principal: Principal, { scopes: rights, readOnly }: Pick<Principal, 'scopes' | 'readOnly'>): boolean {
  return (!principal.readOnly || readOnly) && rights.every((scope) => allows({ ...principal, readOnly: false }, scope))
}
