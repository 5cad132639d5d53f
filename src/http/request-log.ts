import type { SentRequest, SentRequests } from '#lib/sent-requests'
import { redactText } from '#lib/redact'

/** What is known of a request while it is made. */
export type RequestNote = { -readonly [Field in keyof SentRequest]: SentRequest[Field] }

type Begun = Pick<SentRequest, 'method' | 'purpose' | 'attempt' | 'bytes_sent'> & {
  readonly url?: URL
  /** Only the host is noted: the rest of an address that an outside system named may be secret as a whole. */
  readonly onlyHost?: boolean
}

/** The requests of one call. */
export interface RequestLog {
  /** Undefined beyond the limit, where requests are only counted. */
  begin(request: Begun): RequestNote | undefined
  /** All of them as they may be stored; null if there were none. */
  sent(hide: <T>(value: T) => T): SentRequests | null
}

const most = 50
const mostNames = 20
const longestPath = 500
const queryName = /^[\w.[\]$-]{1,60}$/

/** `earlier`: of attempts of the same call that have ended. */
export function createRequestLog(earlier: SentRequests | null = null): RequestLog {
  const notes: RequestNote[] = []
  const before = earlier?.items ?? []
  let leftOut = earlier?.left_out ?? 0
  return {
    begin({ url, onlyHost = false, ...request }) {
      if (before.length + notes.length >= most) {
        leftOut += 1
        return undefined
      }
      const note: RequestNote = {
        ...request,
        host: url?.host ?? null,
        path: url && !onlyHost ? url.pathname : null,
        query: url && !onlyHost ? namesIn(url) : [],
        began_at: new Date().toISOString(),
        ms: 0,
        status: null,
        bytes_received: null,
        vendor_id: null,
        error: null,
      }
      notes.push(note)
      return note
    },
    sent(hide) {
      if (notes.length + before.length + leftOut === 0) return null
      return { items: [...before, ...notes.map((note) => shown(note, hide))], left_out: leftOut }
    },
  }
}

/** A text without a value may be a secret and no name. */
function namesIn({ searchParams }: URL): string[] {
  const names = [...searchParams].filter(([name, value]) => value !== '' && queryName.test(name)).map(([name]) => name)
  return [...new Set(names)].slice(0, mostNames)
}

function shown(note: RequestNote, hide: <T>(value: T) => T): SentRequest {
  const clean = (text: string): string => redactText(hide(text))
  return {
    ...note,
    host: note.host && clean(note.host),
    path: note.path && pathOf(note.host ?? '', note.path, clean).slice(0, longestPath),
    query: note.query.map(clean),
    vendor_id: note.vendor_id && clean(note.vendor_id),
  }
}

/** A URL may encode more or fewer characters of a secret than are encoded where it is looked for, so it is looked for in the plain text too. */
function pathOf(host: string, path: string, clean: (text: string) => string): string {
  const plain = decoded(path)
  for (const text of plain === path ? [path] : [plain, path]) {
    // Some forms of secrets are known by the host before them.
    const cleaned = clean(`${host}${text}`)
    if (cleaned !== `${host}${text}`) return cleaned.startsWith(host) ? cleaned.slice(host.length) : '/…'
  }
  return path
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const idHeader = /(?:^|-)(?:(?:request|req|correlation)-?id|trace-?id)$/
const idValue = /^[\w.:/+=-]{1,100}$/

/** The name by which an outside system finds the request in its own log. Vendors call the header by many names of one form. */
export function vendorIdIn(headers: Readonly<Record<string, string | string[] | undefined>>): string | null {
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string' && idHeader.test(name.toLowerCase()) && idValue.test(value)) return value
  return null
}
