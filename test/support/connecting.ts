import assert from 'node:assert/strict'
import { authorizeAs, type Visitor } from '../standins/authorize-as.ts'
import type { Caller, TestHub } from './hub.ts'
import { simpleBrowser, type SimpleBrowser } from './simple-browser.ts'

export interface ConnectingByLink extends Partial<Visitor> {
  /** Of the hub. */
  readonly address: string
  readonly integration: string
  /** Changes the address with which the provider sends the browser back, as somebody with a browser can. */
  readonly change?: (back: URL) => void
}

/** The page at the end of a walk. */
export interface ConnectEnd {
  readonly status: number
  readonly text: string
  /** The id of the link. */
  readonly link: string
  /** Where the provider sent the browser back to. */
  readonly back: string
  readonly browser: SimpleBrowser
}

/** Makes a link, opens it, walks over the provider's pages, and follows the way back. */
export async function connectByLink(hub: Caller, { address, integration, change, ...visitor }: ConnectingByLink): Promise<ConnectEnd> {
  const made = await hub.call('POST', `/api/v1/integrations/${integration}/connect`, {})
  assert.equal(made.statusCode, 201, made.body)
  const { id: link, url } = made.json<{ id: string; url: string }>()
  const { pathname } = new URL(url)
  const browser = simpleBrowser(address)
  const page = await browser.get(pathname)
  assert.equal(page.status, 200)
  const sent = await browser.post(pathname, {})
  assert.equal(sent.status, 303, await sent.text())
  const back = new URL(await authorizeAs(sent.headers.get('location')!, { account: 'ada', ...visitor }))
  change?.(back)
  const end = await browser.get(back.href)
  return { status: end.status, text: await end.text(), link, back: back.href, browser }
}

/** What the hub keeps for an integration that somebody connected. */
export interface StoredGrant {
  readonly workspaceId: string
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
  readonly version: number
}

export async function storedGrant({ hub }: TestHub, integration: string, workspace = 'default'): Promise<StoredGrant> {
  const { id: workspaceId } = (await hub.access.workspaces.find({ name: workspace }))!
  const { credential: name } = await hub.integrations.get(workspaceId, integration)
  const found = (await hub.credentials.readVersion(workspaceId, name!))!
  return { workspaceId, name: name!, data: found.data, version: found.version }
}

/** Makes the hub believe that the access token expires at this moment; the provider's own clock says otherwise. */
export async function expireGrant(
  { hub }: TestHub,
  { workspaceId, name, data, version }: StoredGrant,
  at = Date.now() - 1000,
): Promise<void> {
  const times = { expires_at: new Date(at).toISOString(), renew_at: new Date(at - 60_000).toISOString() }
  assert.ok(await hub.credentials.swap(workspaceId, name, { data: { ...(data as Record<string, string>), ...times }, version }))
}

/** Nothing of what a provider gave is kept: no credential beside those that were there, and an integration that is as it was. */
export async function nothingGranted(hub: Caller, integration: string, credentials: readonly string[]): Promise<void> {
  const { credential, connection } = (await hub.call('GET', `/api/v1/integrations/${integration}`)).json<{
    credential: string | null
    connection: { state: string }
  }>()
  assert.deepEqual([credential, connection.state], [null, 'not_connected'])
  const { items } = (await hub.call('GET', '/api/v1/credentials')).json<{ items: { name: string }[] }>()
  assert.deepEqual(items.map(({ name }) => name).toSorted(), [...credentials].toSorted())
}
