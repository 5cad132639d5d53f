import type { Transaction } from '#db'

/** A credential's fields. Values go in and never come out of the public face; connectors receive them per call. */
export type CredentialData = Readonly<Record<string, string | number | boolean>>

export interface CredentialInfo {
  readonly name: string
  readonly kind: string | null
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface WorkspaceRef {
  readonly id: string
  readonly name: string
}

export interface PutOptions {
  readonly kind: string | null
  /** Refuse when the name is taken. */
  readonly createOnly: boolean
}

/** Where credentials are kept: one port, and one suite that both implementations pass. */
export interface CredentialBackend extends AsyncDisposable {
  readonly kind: 'database' | 'vault'
  /** `trx` also holds the audit entry, so a change that fails leaves none. */
  put(trx: Transaction, workspace: WorkspaceRef, name: string, data: CredentialData, options: PutOptions): Promise<CredentialInfo>
  read(workspace: WorkspaceRef, name: string): Promise<CredentialData | undefined>
  list(workspace: WorkspaceRef): Promise<CredentialInfo[]>
  remove(trx: Transaction, workspace: WorkspaceRef, name: string): Promise<boolean>
  /** Told after a change is stored: nothing read before may be answered any more. */
  changed(workspace: WorkspaceRef, name: string): void
  /** Throws the reason why it can't serve. */
  check(): Promise<void>
}
