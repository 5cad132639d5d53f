import type { Row } from '#db'

/** A program that people let act for them: a client of the hub's authorization server. */
export type App = Row<'apps'>

/** Who may do what with the codes and tokens of the authorization server. */
export interface TokenState extends Row<'grantTokens'> {
  readonly grantScopes: readonly string[]
  readonly grantRevokedAt: Date | null
  readonly grantUsedAt: Date | null
  readonly view: string
  readonly workspaceId: string
  readonly userId: string
  readonly userName: string
  readonly appId: string
  readonly appName: string
  readonly role: Row<'members'>['role'] | null
  readonly hubAdmin: boolean
}

/** What a person allows an app, as people see it. */
export interface GrantView extends Row<'grants'> {
  readonly app: Pick<App, 'name' | 'kind' | 'clientId' | 'redirectUris'>
  readonly workspace: string
  readonly person: { readonly name: string; readonly email: string }
}
