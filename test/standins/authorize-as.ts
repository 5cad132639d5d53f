/** Who signs in, and what they answer. */
export interface Visitor {
  readonly account: string
  readonly password?: string
  /** Refuses where a page asks for consent. */
  readonly deny?: boolean
  /** The cookies of an earlier visit, by name; a visit adds its own. */
  readonly cookies?: Map<string, string>
}

interface Form {
  readonly action: string
  readonly method: string
  readonly fields: URLSearchParams
}

const maxSteps = 20

/**
 * Walks as a person with a browser from an authorization URL over the pages of its server to the redirect away from it, and returns that address
 * without asking for it. A walk that ends on a page without a form, such as the end of a device flow, returns the address of that page.
 */
export async function authorizeAs(url: string | URL, visitor: Visitor): Promise<string> {
  const cookies = visitor.cookies ?? new Map<string, string>()
  const { origin } = new URL(url)
  let request: { url: URL; init: RequestInit } = { url: new URL(url), init: {} }
  for (let step = 0; step < maxSteps; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html', ...(cookie && { cookie }) }
    const answer = await fetch(request.url, { ...request.init, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) keep(cookies, line)
    const body = await answer.text()
    const location = answer.headers.get('location')
    if (location) {
      const next = new URL(location, request.url)
      if (next.origin !== origin) return next.href
      request = { url: next, init: {} }
      continue
    }
    if (!answer.ok) throw new Error(`${request.url.pathname} answered ${answer.status}: ${textOf(body)}`)
    const form = formOf(body, visitor)
    if (!form) return request.url.href
    const target = new URL(form.action, request.url)
    // A form that posts an answer to the client itself ends the walk, as a redirect does.
    if (target.origin !== origin) return `${target.href}?${form.fields.toString()}`
    if (form.method === 'get') request = { url: new URL(`${target.pathname}?${form.fields.toString()}`, target), init: {} }
    else request = { url: target, init: { method: 'POST', body: form.fields } }
  }
  throw new Error(`the walk from ${origin} did not end after ${maxSteps} pages`)
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const at = pair.indexOf('=')
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  const ends = attributes.some(
    (one) => /^\s*max-age=0\s*$/i.test(one) || Date.parse(/^\s*expires=(.*)$/i.exec(one)?.[1] ?? '') < Date.now(),
  )
  if (ends || value === '') cookies.delete(name)
  else cookies.set(name, value)
}

/** The form that the visitor sends: with the account's name in it where one is offered for each account, otherwise the first. */
function formOf(html: string, visitor: Visitor): Form | undefined {
  const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)]
  const own = forms.find(([, , inner = '']) =>
    [...inner.matchAll(/value="([^"]*)"/gi)].some(([, value = '']) => decoded(value) === visitor.account),
  )
  const [, tag = '', inner = ''] = own ?? forms[0] ?? []
  if (tag === '' && inner === '') return undefined
  const fields = new URLSearchParams()
  for (const [input] of inner.matchAll(/<input\b[^>]*>/gi)) {
    const [name, type] = [attribute(input, 'name'), attribute(input, 'type') ?? 'text']
    if (name === undefined || type === 'submit') continue
    if (type === 'checkbox' && !/\bchecked\b/i.test(input)) continue
    fields.append(name, filled({ name, type, value: attribute(input, 'value') ?? '' }, visitor))
  }
  const button = buttonOf(html, visitor)
  if (button) fields.append(...button)
  return { action: decoded(attribute(tag, 'action') ?? ''), method: (attribute(tag, 'method') ?? 'get').toLowerCase(), fields }
}

function filled(input: { name: string; type: string; value: string }, visitor: Visitor): string {
  if (input.type === 'password') return visitor.password ?? 'password'
  if (input.type !== 'hidden' && /^(username|login|email|account)$/i.test(input.name)) return visitor.account
  return decoded(input.value)
}

const refusals = /^(abort|cancel|deny)$/i

/** What the pressed button adds to the form. */
function buttonOf(html: string, { deny = false }: Visitor): [string, string] | undefined {
  const buttons = [...html.matchAll(/<(?:button|input)\b[^>]*type="submit"[^>]*>/gi)]
    .map(([tag]) => [attribute(tag, 'name'), decoded(attribute(tag, 'value') ?? '')] as const)
    .filter((pair): pair is [string, string] => pair[0] !== undefined)
  return buttons.find(([name, value]) => (refusals.test(name) || refusals.test(value)) === deny)
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`, 'i').exec(tag)?.[1]
}

function decoded(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

function textOf(html: string): string {
  return html
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
}
