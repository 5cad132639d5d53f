import { z } from 'zod'
import { HubError } from '#errors'
import { readBounded, type Egress } from '#http'
import { mostRedirectUris, problemOfRedirectUri } from './redirect-uris.ts'
import { OAuthRefusal } from './refusal.ts'

/** What an app says of itself. */
export interface AppDocument {
  readonly name: string
  readonly redirectUris: readonly string[]
}

const timeoutMs = 5000
const maxBytes = 20_000
const longestName = 100

export const appName = z
  .string()
  .trim()
  .min(1)
  .transform((text) => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, longestName))
  .refine((text) => text !== '')

const documentSchema = z.looseObject({
  client_id: z.string(),
  client_name: appName.optional(),
  redirect_uris: z.array(z.string()).min(1).max(mostRedirectUris),
  token_endpoint_auth_method: z.literal('none').optional(),
  client_secret: z.undefined().optional(),
})

/** Whether a client id is the URL of a document about the client. */
export function isDocumentUrl(clientId: string): boolean {
  if (!clientId.startsWith('https://') || clientId.length > 1000 || !URL.canParse(clientId)) return false
  const { pathname, hash, username, password, href } = new URL(clientId)
  // Another spelling of the same address would be another client with the same document.
  return href === clientId && pathname !== '/' && hash === '' && username === '' && password === ''
}

/** Reads the document over the hub's own way out. It follows no redirect, because the address is who the client is. */
export async function readDocument(egress: Egress, clientId: string): Promise<AppDocument> {
  const url = new URL(clientId)
  const parsed = documentSchema.safeParse(await fetchJson(egress, url))
  if (!parsed.success) throw refused(`is not metadata of a client: ${parsed.error.issues[0]!.path.join('.') || 'it'} is not valid`)
  const { client_id: named, client_name: name = url.host, redirect_uris: redirectUris } = parsed.data
  if (named !== clientId) throw refused('names another client_id than its own address')
  for (const uri of redirectUris) {
    const problem = problemOfRedirectUri(uri)
    if (problem !== undefined) throw refused(`has a redirect URI that ${problem}`)
  }
  return { name, redirectUris }
}

async function fetchJson(egress: Egress, url: URL): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    egress.assertUrl(url)
    const reply = await egress.dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'GET',
      headers: { accept: 'application/json', 'user-agent': 'integration-hub' },
      signal,
    })
    const bytes = await readBounded(reply.body, maxBytes, () => refused(`has more than ${maxBytes} bytes`))
    if (reply.statusCode !== 200) throw refused(`was answered with the status ${reply.statusCode}`)
    return JSON.parse(bytes.toString()) as unknown
  } catch (error) {
    if (error instanceof OAuthRefusal) throw error
    if (signal.aborted) throw refused('did not arrive in time')
    if (error instanceof SyntaxError) throw refused('is not JSON')
    const { cause } = error as Error
    if ([error, cause].some((one) => one instanceof HubError && one.code === 'address_refused'))
      throw refused('is at a private or reserved address')
    throw refused('cannot be reached')
  }
}

function refused(what: string): OAuthRefusal {
  return new OAuthRefusal('invalid_client', `the document at the client_id ${what}`)
}
