import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestHub } from './hub.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

type Json = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  json(): Json
}

export interface BrowserRequest {
  readonly origin?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends requests over a real socket and keeps cookies, as a browser does. */
export interface Browser {
  readonly cookies: Map<string, string>
  call(method: Method, path: string, body?: unknown): Promise<Answer>
  /** Sends a form of one of the hub's pages. */
  form(path: string, fields: Readonly<Record<string, string>>): Promise<Answer>
  /** The same browser, whose requests come from a page of another origin or have more headers. */
  with(options: BrowserRequest): Pick<Browser, 'call' | 'form'>
}

export function browserAt(address: string): Browser {
  const cookies = new Map<string, string>()
  const caller = ({ origin = address, headers = {} }: BrowserRequest): Pick<Browser, 'call' | 'form'> => {
    const send = async (method: Method, path: string, { type, body }: { type?: string; body?: string }): Promise<Answer> => {
      const response = await fetch(new URL(path, address), {
        method,
        redirect: 'manual',
        headers: {
          ...(type === undefined ? {} : { 'content-type': type }),
          ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...(origin === null ? {} : { origin }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        if (value === '' || /max-age=0(;|$)/i.test(cookie)) cookies.delete(name)
        else cookies.set(name, value)
      }
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: () => (text === '' ? {} : (JSON.parse(text) as Json)) }
    }
    return {
      call: (method, path, body) => send(method, path, body === undefined ? {} : { type: 'application/json', body: JSON.stringify(body) }),
      form: (path, fields) =>
        send('POST', path, { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() }),
    }
  }
  return { cookies, ...caller({}), with: caller }
}

export const testPassword = 'correct horse battery'

/** The token of the link that the hub wrote into its data folder when it started. */
export function setupToken({ dataDir }: Pick<TestHub, 'dataDir'>): string {
  return /token=([\w-]+)/.exec(readFileSync(join(dataDir, 'setup-link'), 'utf8'))![1]!
}

/** The first person of a hub, signed in. */
export async function firstPerson(hub: Pick<TestHub, 'dataDir' | 'address'>, name = 'Ada'): Promise<Browser> {
  const browser = browserAt(await hub.address())
  const joining = { token: setupToken(hub), name, email: `${name.toLowerCase()}@example.com`, password: testPassword }
  const answer = await browser.call('POST', '/invitations/accept', joining)
  if (answer.status !== 200) throw new Error(`the first person could not join: ${answer.status} ${answer.text}`)
  return browser
}

/** Somebody whom `inviter` invites, signed in. */
export async function invited(inviter: Browser, address: string, { name, role }: { name: string; role: string }): Promise<Browser> {
  const made = await inviter.call('POST', '/api/v1/invitations', { role })
  const browser = browserAt(address)
  const joining = { token: made.json()['token'], name, email: `${name.toLowerCase()}@example.com`, password: testPassword }
  const answer = await browser.call('POST', '/invitations/accept', joining)
  if (answer.status !== 200) throw new Error(`${name} could not join: ${made.text} ${answer.text}`)
  return browser
}

/** The id of the person who is signed in. */
export async function idOf(browser: Browser): Promise<string> {
  return String((await browser.call('GET', '/api/v1/users/me')).json()['id'])
}
