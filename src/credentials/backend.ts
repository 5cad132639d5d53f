import type { Transaction } from '#db'

/** A credential's fields. No transport returns the values; connectors receive them for each call. */
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

export interface PutRequest {
  readonly name: string
  readonly data: CredentialData
  readonly kind: string | null
  /** Fail if the name is in use. */
  readonly createOnly: boolean
}

/** Values, and the version that they have or replace. */
export interface VersionedData {
  readonly data: CredentialData
  readonly version: number
}

export interface ReadOptions {
  readonly fresh?: boolean
}

/** Stores credentials. Both implementations pass the same tests. */
export interface CredentialBackend extends AsyncDisposable {
  readonly kind: 'database' | 'vault'
  /** The audit entry is part of `trx`, so a change that fails leaves no entry. */
  put(trx: Transaction, workspace: WorkspaceRef, request: PutRequest): Promise<CredentialInfo>
  /** `fresh` reads past every cache. */
  read(workspace: WorkspaceRef, name: string, options?: ReadOptions): Promise<CredentialData | undefined>
  /** The values past every cache, with the version that `swap` asks for. */
  readVersion(workspace: WorkspaceRef, name: string): Promise<VersionedData | undefined>
  /** Replaces the values in one step if they still have this version; false if somebody else replaced or removed them. */
  swap(workspace: WorkspaceRef, name: string, next: VersionedData): Promise<boolean>
  /** Dates and version of one credential; undefined without it. */
  info(workspace: WorkspaceRef, name: string): Promise<CredentialInfo | undefined>
  list(workspace: WorkspaceRef): Promise<CredentialInfo[]>
  remove(trx: Transaction, workspace: WorkspaceRef, name: string): Promise<boolean>
  /** Called after a change is stored. Values that were read before must not be returned any more. */
  changed(workspace: WorkspaceRef, name: string): void
  /** Throws the reason if the backend cannot work. */
  check(): Promise<void>
}
