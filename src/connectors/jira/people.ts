import { hubError, type Http } from '#kit'
import type { JiraConfig } from './config.ts'
import { isCloud, type RawUser } from './shapes.ts'

/** How an issue names a person: by account id in the cloud, by user name on a server. An e-mail address is looked up. */
export async function findPerson(http: Http, config: JiraConfig, ref: string): Promise<Record<string, string>> {
  const cloud = isCloud(config)
  if (!ref.includes('@')) return cloud ? { accountId: ref } : { name: ref }
  const found = await http.get<RawUser[]>('/user/search', { query: cloud ? { query: ref } : { username: ref } })
  // The address may be hidden; then the search, which knows it, answers one person.
  const same =
    found.find(({ emailAddress }) => emailAddress?.toLowerCase() === ref.toLowerCase()) ?? (found.length === 1 ? found[0] : undefined)
  if (!same) throw hubError('vendor_not_found', { detail: `Jira knows nobody with the e-mail address ${ref}` })
  return cloud ? { accountId: same.accountId ?? '' } : { name: same.name ?? '' }
}
