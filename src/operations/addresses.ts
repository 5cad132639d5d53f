import { hubError } from '#errors'

/** The addresses at which people reach the hub and the applications that belong to it. */
export interface Addresses {
  /** HUB_PUBLIC_URL. */
  readonly publicUrl: string | undefined
  /** Where the hub listens, for links when nothing else is known. */
  readonly listening: string
  /** Origins of applications whose pages may ask the hub. */
  readonly trusted: readonly string[]
}

/** What is known of where a caller is. */
interface Reached {
  readonly addresses: Addresses
  readonly origin?: string | undefined
}

/** What links begin with that a person opens in a browser. */
export function baseOf({ addresses, origin }: Reached): string {
  return addresses.publicUrl ?? origin ?? addresses.listening
}

/** Where an integration receives its webhooks, after the address of the hub. */
export function webhookPath({ name }: { readonly name: string }): string {
  return `/api/v1/webhooks/${encodeURIComponent(name)}`
}

/** Refuses an address that is neither of the hub nor of an application that belongs to it: a person would be led there with trust in the hub. */
export function requireOwnAddress(context: Reached, url: string): void {
  const { origin } = new URL(url)
  if (origin === new URL(baseOf(context)).origin || context.addresses.trusted.includes(origin)) return
  throw hubError('redirect_refused', {
    detail: `${origin} is not an address of this hub or of HUB_CORS_ORIGINS`,
    hint: 'add it to HUB_CORS_ORIGINS',
  })
}
