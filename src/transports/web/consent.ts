import type { FastifyReply, FastifyRequest } from 'fastify'
import { scopesIn, type SignInSession } from '#access'
import { answerUrl, grantable, isDocumentUrl, readAuthorization, type Authorization, type Refused } from '#apps'
import { hubError } from '#errors'
import { queryOf, viewOf } from '#transports/mcp'
import type { RestApp } from '#transports/rest'
import { consentPage, type Choice } from './consent-page.ts'
import type { WebDeps } from './deps.ts'
import { readForms } from './forms.ts'
import { sendPage } from './page.ts'
import { shown } from './shown.ts'

const open = { config: { access: 'public' }, schema: { hide: true } } as const
const resource = '/mcp'

interface Asked {
  readonly request: Authorization
  readonly person: SignInSession
}

/** Where an app sends a browser so that its person allows it: `/oauth/authorize`, and the page that asks. */
export async function consentRoutes(app: RestApp, { apps, people, origins }: WebDeps): Promise<void> {
  const read = (request: FastifyRequest, query: URLSearchParams): Promise<Authorization | Refused> =>
    readAuthorization(apps.clients, query, {
      issuer: origins.own(request),
      audience: origins.base(request) + resource,
      address: request.ip,
      viewIn: (given) => {
        const view = viewOf(given)
        return typeof view === 'string' ? undefined : queryOf(view)
      },
    })

  /** The request and its person. Undefined when another answer was sent: a reply is a promise, so it is not returned. */
  const asked = async (request: FastifyRequest, reply: FastifyReply, query: URLSearchParams): Promise<Asked | undefined> => {
    const person = await people.session(request.headers.cookie)
    // The hub fetches the description of an app for people who are signed in, and for nobody else.
    const found = person || !isDocumentUrl(query.get('client_id') ?? '') ? await read(request, query) : undefined
    if (found && 'url' in found) {
      void reply.redirect(found.url, 303)
      return undefined
    }
    if (person && found) return { request: found, person }
    void reply.redirect(`/sign-in?next=${encodeURIComponent(`/oauth/authorize?${query.toString()}`)}`, 303)
    return undefined
  }

  const allow = async (issuer: string, { request, person }: Asked, what: { workspaceId: string; scopes: readonly string[] }) =>
    answerUrl(request, { code: await apps.grants.allow(request, { person, ...what }) }, issuer)

  app.get('/oauth/authorize', open, (request, reply) =>
    shown(request, reply, async () => {
      const query = queryIn(request)
      const found = await asked(request, reply, query)
      if (!found) return reply
      const before = await apps.grants.remembered(found.request, found.person)
      const choice = before && choicesOf(found).find(({ workspaceId }) => workspaceId === before.workspaceId)
      if (!choice || choice.scopes.length === 0) return reply.redirect(`/oauth/consent?${query.toString()}`, 303)
      const code = await apps.grants.again(found.request, before.grantId, choice.scopes)
      return reply.redirect(answerUrl(found.request, { code }, origins.own(request)), 303)
    }),
  )

  app.get('/oauth/consent', open, (request, reply) =>
    shown(request, reply, async () => {
      const query = queryIn(request)
      const found = await asked(request, reply, query)
      if (!found) return reply
      return sendPage(reply, consentPage({ ...found, choices: choicesOf(found), query: query.toString() }))
    }),
  )

  await app.register(async (forms: RestApp) => {
    readForms(forms)
    forms.post('/oauth/consent', open, (request, reply) =>
      shown(request, reply, async () => {
        // Only our own page, in the browser of the person, can send this.
        origins.requireOwn(request)
        const form = (request.body ?? {}) as Readonly<Record<string, string>>
        // Everything is checked again: what the form says may have been changed.
        const found = await asked(request, reply, new URLSearchParams(form['request']))
        if (!found) return reply
        const issuer = origins.own(request)
        if (form['decision'] !== 'allow') {
          const refusal = { error: 'access_denied', error_description: 'the person did not allow it' } as const
          return reply.redirect(answerUrl(found.request, refusal, issuer), 303)
        }
        const choice = choicesOf(found).find(({ workspaceId }) => workspaceId === form['workspace'])
        const scopes = choice?.scopes.filter((scope) => form[`scope.${scope}`] === '1') ?? []
        if (!choice || scopes.length === 0)
          throw hubError('invalid_input', {
            detail: choice ? 'nothing of what the app asks for was allowed' : 'you are not a member of this workspace',
            hint: 'go back and choose what it may do, or refuse',
          })
        return reply.redirect(await allow(issuer, found, { workspaceId: choice.workspaceId, scopes }), 303)
      }),
    )
  })
}

function choicesOf({ request, person }: Asked): Choice[] {
  return person.memberships.map((membership) => ({
    workspaceId: membership.workspaceId,
    workspace: membership.workspace,
    scopes: grantable(request.scopes, scopesIn(membership.role, person.hubAdmin) ?? []),
  }))
}

function queryIn({ raw }: FastifyRequest): URLSearchParams {
  return new URL(raw.url ?? '/', 'http://hub').searchParams
}
