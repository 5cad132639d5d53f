/** Where the outside system sends its webhooks, and what it signs them with. */
export interface WebhookTarget {
  readonly url: string
  readonly secret: string
}
