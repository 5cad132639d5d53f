import { z } from 'zod'
import { auth, defineConnector, secret, type Connector } from '#kit'
import { actionsOf } from './actions.ts'
import { siteConfig } from './config.ts'
import { pagesOf } from './source.ts'
import { siteOf } from './site.ts'

/** Sites differ in what they offer and not in how they are read, so their connectors differ only in their names. */
export function documentationSite({ name, title }: { readonly name: string; readonly title: string }): Connector {
  const declaration = defineConnector({
    name,
    title,
    description: `The pages of a documentation site that is made with ${title}.`,
    connect: `Name the address of the site in config.base_url. A private site also needs a credential, such as {"token": "…"}.`,
    config: siteConfig,
    auth: [
      auth.none({ title: 'Nothing, for a public site' }),
      auth.custom({
        type: 'token',
        title: 'Token',
        fields: z.object({ token: secret('The token of a private site.') }),
        aliases: { access_token: 'token' },
        authorize: ({ credential, config }) => {
          const header = config['auth_header'] as string | undefined
          const token = String(credential['token'])
          return { headers: header === undefined ? { authorization: `Bearer ${token}` } : { [header]: token } }
        },
      }),
      auth.basic(),
    ],
    baseUrl: ({ base_url }) => base_url,
    test: async ({ http, config }) => {
      const site = siteOf(http, config.base_url)
      const answer = await site.ask(site.base.href, { maxBytes: 10_000_000 })
      return { account: `${site.base.host} ${answer.kind === 'content' ? 'answers' : 'has no page at its base URL'}` }
    },
  })
  return declaration.withActions(actionsOf(declaration, title), { pages: pagesOf(declaration) })
}
