/** How an outside system signs and names what it sends: declared by the connector, carried out by the hub. */
export interface WebhookDeclaration {
  readonly scheme: string
  /** Names of credentials that hold the shared secret. */
  readonly secretCredentials: readonly string[]
  readonly options?: Readonly<Record<string, unknown>>
}
