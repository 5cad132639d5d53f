import { auth, hubError } from '#kit'

/** Where the sites that people allow have their API. */
export const gateway = 'https://api.atlassian.com'

/** Jira Cloud, by Atlassian's OAuth 2.0 (3LO). A person may allow several sites, and chooses one. */
export const threeLegged = auth.oauth2({
  title: 'OAuth (Jira Cloud)',
  environment: { client_id: 'JIRA_CLIENT_ID', client_secret: 'JIRA_CLIENT_SECRET' },
  clientCredential: 'jira-oauth-app',
  features: {
    issues: ['read:jira-work', 'write:jira-work', 'read:jira-user', 'offline_access'],
    projects: ['read:jira-work', 'read:jira-user', 'offline_access'],
  },
  configBefore: { base_url: gateway },
  tokensGoTo: ({ gateway_url: url = gateway }) => [String(url)],
  provider: ({ auth_url: url = 'https://auth.atlassian.com' }) => ({
    authorizeUrl: `${String(url)}/authorize`,
    tokenUrl: `${String(url)}/oauth/token`,
    scopes: ['read:jira-work', 'write:jira-work', 'read:jira-user', 'offline_access'],
    authorizeParameters: { audience: 'api.atlassian.com', prompt: 'consent' },
    tokenBody: 'json',
    refreshEnded: ['unauthorized_client'],
  }),
  async finish({ tokens, config, request }) {
    const { gateway_url: url = gateway } = config
    const sites = await request('GET', `${String(url)}/oauth/token/accessible-resources`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    const found = Array.isArray(sites) ? (sites as { id: string; name: string; url: string }[]) : []
    if (found.length === 0)
      throw hubError('oauth_failed', {
        detail: 'this person allowed no Jira site',
        hint: 'connect again, and choose a site on the page of Atlassian',
      })
    return {
      choices: found.map(({ id, name, url: site }) => ({ id, title: `${name} (${site})`, config: { base_url: site, cloud_id: id } })),
    }
  },
})
