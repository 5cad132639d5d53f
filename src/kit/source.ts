/** Content of an outside system that the hub can keep in sync. The connector declares it, and the hub does the work. */
export interface SourceDeclaration {
  readonly title: string
  readonly description: string
}
