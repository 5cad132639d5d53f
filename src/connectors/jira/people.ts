import { hubError, type Http } from '#kit'
import type { JiraConfig } from './config.ts'
import { isCloud, type RawUser } from './shapes.ts'

/** Returns how an issue refers to a person: the account id in Jira Cloud, the user name in Jira Server. E-mail addresses are looked up. */
export async function findPerson(http: Http, config: JiraConfig, ref: string): Promise<Record<string, string>> {
  const cloud = isCloud(config)
  if (!ref.includes('@')) return cloud ? { accountId: ref } : { name: ref }
  const found = await http.get<RawUser[]>('/user/search', { query: cloud ? { query: ref } : { username: ref } })
  // The e-mail address may be hidden in the reply. The search still uses it, so a single result is the right person.
  const same =
    found.find(({ emailAddress }) => emailAddress?.toLowerCase() === ref.toLowerCase()) ?? (found.length === 1 ? found[0] : undefined)
  if (!same) throw hubError('vendor_not_found', { detail: `Jira has no user with the e-mail address ${ref}` })
  return cloud ? { accountId: same.accountId ?? '' } : { name: same.name ?? '' }
}
