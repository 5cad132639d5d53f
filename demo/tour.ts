import { until } from '../test/faults/wait.ts'
import type { Api } from './api.ts'
import { say } from './say.ts'
import { commentsOn, openPullRequest, slackMessages, type StandIns } from './stand-ins.ts'

const patience = 60_000

const change = `import { db } from './db.ts'

export async function logIn(name: string, password: string) {
  const user = await db.query("select * from users where name = '" + name + "'")
  try {
    await check(user, password)
  } catch {}
  return user
}
`
/** Opens a pull request, and shows the review that comes by itself. */
export async function showReview({ github }: StandIns): Promise<number> {
  const branch = 'log-in'
  const title = 'Let people log in'
  const opened = Date.now()
  const number = await openPullRequest(github, { branch, title, files: { 'src/log-in.ts': change } })
  say.happened(`somebody opens octocat/hello-world#${number} on GitHub: ${title}`)
  const { body } = await until('the review is there', async () => (await commentsOn(github, number))[0], patience)
  say.happened(`webhook in, diff read, agent asked, comment written, in ${((Date.now() - opened) / 1000).toFixed(1)} s:`)
  say.quote(readable(body))
  return number
}

export async function showMail(api: Api, { mail }: StandIns): Promise<void> {
  const parameters = {
    to: 'recipient@example.com',
    subject: 'Summary from your agent',
    body: '<p>One pull request was reviewed. Two findings wait for its author.</p>',
  }
  say.happened('an agent calls trigger_integration_flow for send-summary-email')
  const { output } = await api.call<{ output: { status: string; error: { message: string } | null } }>(
    'POST',
    '/api/v1/tools/trigger_integration_flow/invoke',
    { input: { flow_id: 'send-summary-email', parameters, wait: 60 } },
  )
  if (output.status !== 'completed') throw new Error(`the mail was not sent: ${output.error?.message ?? output.status}`)
  showLastMail(mail)
}

function showLastMail({ mails }: StandIns['mail']): void {
  const { from, to, subject, text, html } = mails.at(-1)!
  const recipients = [to ?? []].flat().map((one) => one.text)
  say.happened('in the mailbox:')
  say.quote(`From: ${from?.text}\nTo: ${recipients.join(', ')}\nSubject: ${subject}\n\n${text ?? String(html).replaceAll(/<[^>]+>/g, '')}`)
}

/** What a newcomer may try, as it can be copied. */
export function showCommands({ url, token }: Api, dataDir: string, number: number): void {
  const call = (path: string, body: object): string =>
    `curl -sS -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body)}' '${url}${path}'`
  say.command(
    'say something on Slack; it is shown here',
    call('/api/v1/tools/slack_send_message/invoke', { input: { channel: '#general', text: 'Hello from my agent' } }),
  )
  say.command(
    'push a better version, and have it reviewed: the comment changes',
    `${call('/api/v1/tools/github_put_contents/invoke', {
      input: {
        owner: 'octocat',
        repo: 'hello-world',
        branch: 'log-in',
        path: 'src/log-in.test.ts',
        content: 'test everything\n',
        message: 'Test',
      },
    })}\n${call('/api/v1/flows/code_review_agent/trigger?wait=60', { parameters: { owner: 'octocat', repo: 'hello-world', number } })}`,
  )
  say.command(
    'send a mail',
    call('/api/v1/flows/send-summary-email/trigger?wait=60', {
      parameters: { to: 'you@example.com', subject: 'Hello', body: '<p>It works.</p>' },
    }),
  )
  say.command('see what ran', `HUB_DATA_DIR=${dataDir} bin/hub flow runs`)
}

/** Shows what else happens outside, until it is told to stop. */
export async function watch({ github, slack, mail }: StandIns, number: number, stopped: AbortSignal): Promise<void> {
  let mails = mail.mails.length
  let messages = (await slackMessages(slack)).length
  let review = (await commentsOn(github, number))[0]?.body
  while (!stopped.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    if (stopped.aborted) return
    const said = await slackMessages(slack)
    for (const text of said.slice(0, said.length - messages).toReversed()) {
      say.happened('on Slack, in #general:')
      say.quote(text)
    }
    messages = said.length
    if (mail.mails.length > mails) showLastMail(mail)
    mails = mail.mails.length
    const now = (await commentsOn(github, number))[0]?.body
    if (now !== undefined && now !== review) {
      say.happened(`the review of #${number} is now:`)
      say.quote(readable(now))
    }
    review = now
  }
}

/** The mark by which the flow finds its comment again is not shown on GitHub either. */
function readable(comment: string): string {
  return comment.replaceAll(/<!--.*?-->\n?/g, '')
}
