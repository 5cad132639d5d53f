import type { FastifyReply, FastifyRequest } from 'fastify'
import { OAuthRefusal } from '#apps'
import { HubError, hubError } from '#errors'
import { problemPage } from './connect-pages.ts'
import { html } from './html.ts'
import { sendPage } from './page.ts'

/** Shows an error as a page, because a person reads it. */
export async function shown(request: FastifyRequest, reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OAuthRefusal) return sendPage(reply, refusalPage(error))
    if (!(error instanceof HubError) || error.entry.status >= 500)
      request.log.error({ request_id: request.id, err: error }, 'a page failed')
    return sendPage(reply, problemPage(error instanceof HubError ? error : hubError('internal'), request.id))
  }
}

function refusalPage({ message }: OAuthRefusal) {
  return {
    title: 'This app cannot be allowed',
    status: 400,
    body: html`<p class="note failed" role="alert">The app sent you here with a request that this hub does not accept: ${message}.</p>
      <p>Nothing was allowed. Go back to the app and try again, or tell whoever makes it.</p>`,
  }
}
