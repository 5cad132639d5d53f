import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the agent was asked. */
export interface Question {
  readonly system: string
  readonly prompt: string
  /** The JSON Schema that the answer has to fit. */
  readonly schema: Record<string, unknown> | undefined
}

/** An agent behind the OpenAI API that reads what it is given by simple rules, so its answers are the same each time and depend on the question. */
export interface AgentStandIn extends AsyncDisposable {
  readonly url: string
  readonly token: string
  readonly model: string
  readonly asked: Question[]
  /** Another answer than its own, or a status. */
  answer: ((question: Question) => string | number) | undefined
}

export async function agentStandIn(): Promise<AgentStandIn> {
  const token = 'sk-standin-0123456789abcdef'
  const standIn = { url: '', token, model: 'reviewer-1', asked: [] as Question[], answer: undefined as AgentStandIn['answer'] }

  const reply = (path: string, authorization: string | undefined, text: string): { status: number; body: object } => {
    if (authorization !== `Bearer ${token}`) return { status: 401, body: { error: { message: 'Incorrect API key provided' } } }
    if (path === '/v1/models') return { status: 200, body: { data: [{ id: standIn.model }] } }
    const asked = JSON.parse(text) as {
      model: string
      messages: { role: string; content: string }[]
      response_format?: { json_schema?: { schema: Record<string, unknown> } }
    }
    const said = (role: string): string => asked.messages.find((message) => message.role === role)?.content ?? ''
    const question = { system: said('system'), prompt: said('user'), schema: asked.response_format?.json_schema?.schema }
    standIn.asked.push(question)
    const answer = standIn.answer?.(question) ?? (question.schema ? triage(question.prompt) : review(question.prompt))
    if (typeof answer === 'number') return { status: answer, body: { error: { message: 'The model is not available' } } }
    const message = { role: 'assistant', content: answer }
    return {
      status: 200,
      body: {
        id: `chatcmpl-${standIn.asked.length}`,
        object: 'chat.completion',
        created: 1_700_000_000,
        model: asked.model,
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage: { prompt_tokens: Math.ceil(text.length / 4), completion_tokens: Math.ceil(answer.length / 4) },
      },
    }
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { status, body } = reply(request.url ?? '/', request.headers.authorization, Buffer.concat(parts).toString())
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
}

const findings: readonly [RegExp, string][] = [
  [/(password|secret|token|api_key)\s*[:=]\s*['"]/i, 'a secret stands in the code. Read it from the settings, and revoke this one.'],
  [/\beval\(/, '`eval` runs whatever it is given. Parse the input instead.'],
  [/(select|insert|update|delete)\b.*['"`]\s*\+/i, 'this SQL is put together from input. Pass it as a parameter.'],
  [/catch\s*(\([^)]*\))?\s*\{\s*\}/, 'the error is swallowed here. Handle it, or let it go on.'],
  [/\bTODO\b/, 'a TODO goes in with it. Do it, or make an issue of it.'],
]

/** Looks at the lines that a diff adds. */
function review(prompt: string): string {
  const found: string[] = []
  let [file, line, added, removed] = ['', 0, 0, 0]
  const files = new Set<string>()
  for (const text of prompt.split('\n')) {
    if (text.startsWith('diff --git ')) files.add((file = text.slice(text.lastIndexOf(' b/') + 3)))
    else if (text.startsWith('@@')) line = Number(/\+(\d+)/.exec(text)?.[1] ?? 1) - 1
    else if (text.startsWith('+') && !text.startsWith('+++')) {
      line += 1
      added += 1
      for (const [sign, advice] of findings) if (sign.test(text)) found.push(`- **${file}:${line}** ${advice}`)
    } else if (text.startsWith('-') && !text.startsWith('---')) removed += 1
    else if (text.startsWith(' ')) line += 1
  }
  // Asked to join reviews, it is given no diff.
  if (files.size === 0)
    return `All parts together:\n\n${prompt
      .split('\n')
      .filter((text) => text.startsWith('- **'))
      .join('\n')}`
  const tested = [...files].some((name) => /test/i.test(name))
  if (!tested && added > 3) found.push('- No test comes with the change.')
  const summary = `The change touches ${files.size === 1 ? `\`${file}\`` : `${files.size} files`}: ${added} lines are added, ${removed} removed.`
  return `${summary}\n\n${found.length > 0 ? found.join('\n') : 'I found nothing to name.'}`
}

/** Takes the labels that are named in the issue's own words. */
function triage(prompt: string): string {
  const issue = prompt.slice(prompt.indexOf('FENCE-')).toLowerCase()
  const labels = [...prompt.matchAll(/^- ([^:\n]+)/gm)].map(([, label]) => label!).filter((label) => issue.includes(label.toLowerCase()))
  return JSON.stringify({
    labels: labels.slice(0, 3),
    comment: 'Thank you for the report! Which version do you use, and what did you expect to happen?',
  })
}
