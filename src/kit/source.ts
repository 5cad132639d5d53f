/** Something of an outside system that can be kept in sync: declared by the connector, carried out by the hub. */
export interface SourceDeclaration {
  readonly title: string
  readonly description: string
}
