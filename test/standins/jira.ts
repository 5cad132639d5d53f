import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A small Jira Cloud of our own, as there is none to be had: what the connector uses, with state. It counts only because `jira.js`, which
 * checks every reply, works on it.
 */
export interface JiraStandIn extends AsyncDisposable {
  readonly url: string
  readonly login: { readonly username: string; readonly api_token: string }
  /** The JQL of every search, as it came. */
  readonly searches: string[]
}

interface AskedRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Record<string, any>
}

interface Issue {
  id: string
  key: string
  fields: Record<string, unknown> & { summary: string; status: { name: string; id: string }; labels: string[] }
  comments: Record<string, unknown>[]
}

const ada = {
  self: 'https://jira.example/rest/api/3/thing',
  accountId: '5b10ac8d82e05b22cc7d4ef5',
  accountType: 'atlassian',
  displayName: 'Ada Lovelace',
  emailAddress: 'ada@example.com',
  active: true,
  timeZone: 'UTC',
}
const project = {
  self: 'https://jira.example/rest/api/3/thing',
  id: '10000',
  key: 'PROJ',
  name: 'Project',
  projectTypeKey: 'software',
  simplified: false,
  style: 'classic',
  isPrivate: false,
}
const types = [
  { self: 'https://jira.example/rest/api/3/thing', id: '10001', name: 'Task', subtask: false, description: '' },
  { self: 'https://jira.example/rest/api/3/thing', id: '10002', name: 'Bug', subtask: false, description: '' },
]
const states = ['To Do', 'In Progress', 'Done'].map((name, index) => ({
  self: 'https://jira.example/rest/api/3/thing',
  id: String(index + 1),
  name,
  description: '',
  iconUrl: 'https://jira.example/icon.png',
}))

export async function jiraStandIn(): Promise<JiraStandIn> {
  const login = { username: 'ada@example.com', api_token: 'jira-standin-token-0123' }
  const issues: Issue[] = []
  const searches: string[] = []
  const find = (ref: string): Issue | undefined => issues.find(({ id, key }) => id === ref || key === ref)
  const missing = { status: 404, body: { errorMessages: ['Issue does not exist or you do not have permission to see it.'], errors: {} } }
  const now = (): string => new Date().toISOString().replace('Z', '+0000')

  const create = (given: Record<string, unknown>) => {
    const fields = given['fields'] as Record<string, any>
    if (fields['project']?.key !== project.key && fields['project']?.id !== project.id)
      return { status: 400, body: { errorMessages: [], errors: { project: 'valid project is required' } } }
    const type = types.find(({ name }) => name === fields['issuetype']?.name)
    if (!type) return { status: 400, body: { errorMessages: [], errors: { issuetype: 'Specify a valid issue type' } } }
    const number = issues.length + 1
    const assignee = fields['assignee'] ? ada : null
    const made: Issue = {
      id: String(10_100 + number),
      key: `PROJ-${number}`,
      fields: {
        description: null,
        priority: null,
        ...fields,
        summary: fields['summary'],
        labels: fields['labels'] ?? [],
        project,
        issuetype: type,
        status: states[0]!,
        assignee,
        reporter: ada,
        created: now(),
        updated: now(),
        resolutiondate: null,
      },
      comments: [],
    }
    issues.push(made)
    return { status: 201, body: { id: made.id, key: made.key, self: 'https://jira.example/rest/api/3/thing' } }
  }

  const onIssue = (issue: Issue, part: string | undefined, { method, body }: AskedRequest) => {
    if (part === undefined && method === 'GET')
      return {
        status: 200,
        body: {
          id: issue.id,
          key: issue.key,
          self: 'https://jira.example/rest/api/3/thing',
          expand: '',
          fields: { ...issue.fields, comment: { comments: issue.comments, total: issue.comments.length } },
        },
      }
    if (part === undefined && method === 'PUT') {
      Object.assign(issue.fields, body['fields'], { updated: now() })
      return { status: 204 }
    }
    if (part === undefined && method === 'DELETE') {
      issues.splice(issues.indexOf(issue), 1)
      return { status: 204 }
    }
    if (part === 'assignee') {
      issue.fields['assignee'] = body['accountId'] === null ? null : ada
      return { status: 204 }
    }
    if (part === 'comment' && method === 'POST') {
      const comment = {
        self: 'https://jira.example/rest/api/3/thing',
        id: String(issue.comments.length + 1),
        author: ada,
        updateAuthor: ada,
        body: body['body'],
        created: now(),
        updated: now(),
      }
      issue.comments.push(comment)
      return { status: 201, body: comment }
    }
    if (part === 'comment')
      return { status: 200, body: { comments: issue.comments.toReversed(), startAt: 0, maxResults: 50, total: issue.comments.length } }
    if (part === 'transitions' && method === 'GET') {
      const transitions = states
        .filter(({ name }) => name !== issue.fields.status.name)
        .map((to) => ({
          id: `${to.id}1`,
          name: `To ${to.name}`,
          to,
          hasScreen: false,
          isGlobal: true,
          isInitial: false,
          isConditional: false,
        }))
      return { status: 200, body: { transitions } }
    }
    const target = states.find(({ id }) => `${id}1` === body['transition']?.id)
    if (!target) return { status: 400, body: { errorMessages: ['Transition is not valid'], errors: {} } }
    issue.fields.status = target
    return { status: 204 }
  }

  const onComment = (issue: Issue, id: string, method: string) => {
    const at = issue.comments.findIndex((comment) => comment['id'] === id)
    if (at < 0) return { status: 404, body: { errorMessages: ['Can not find a comment for the id.'], errors: {} } }
    if (method === 'GET') return { status: 200, body: issue.comments[at] }
    issue.comments.splice(at, 1)
    return { status: 204 }
  }

  const answer = (asked: AskedRequest): { status: number; body?: unknown } => {
    const { method, path, query, body } = asked
    if (path === '/myself') return { status: 200, body: ada }
    if (path === '/project/search')
      return {
        status: 200,
        body: {
          self: 'https://jira.example/rest/api/3/thing',
          maxResults: 50,
          startAt: 0,
          total: 1,
          isLast: true,
          values: project.name.toLowerCase().includes((query.get('query') ?? '').toLowerCase()) ? [project] : [],
        },
      }
    if (path === `/project/${project.key}`)
      return { status: 200, body: { ...project, issueTypes: types, lead: ada, components: [], versions: [], description: '' } }
    if (path === `/project/${project.key}/statuses`) return { status: 200, body: types.map((type) => ({ ...type, statuses: states })) }
    if (path === '/user/search')
      return {
        status: 200,
        body: ada.emailAddress.includes(query.get('query') ?? '') || ada.displayName.includes(query.get('query') ?? '') ? [ada] : [],
      }
    if (path === '/issueLink') return find(body['inwardIssue']?.key) && find(body['outwardIssue']?.key) ? { status: 201 } : missing
    if (path === '/search/jql') {
      searches.push(body['jql'] ?? query.get('jql') ?? '')
      const status = /status = "([^"]+)"/.exec(searches.at(-1)!)?.[1]
      const found = issues.filter(({ fields }) => status === undefined || fields.status.name === status)
      const from = Number(body['nextPageToken'] ?? 0)
      const end = from + Number(body['maxResults'] ?? 50)
      const isLast = end >= found.length
      return {
        status: 200,
        body: {
          issues: found.slice(from, end).map(({ id, key, fields }) => ({ id, key, self: 'https://jira.example/rest/api/3/thing', fields })),
          isLast,
          ...(isLast ? {} : { nextPageToken: String(end) }),
        },
      }
    }
    if (method === 'POST' && path === '/issue') return create(body)
    const [, ref = '', part, sub = ''] = /^\/issue\/([^/]+)(?:\/(\w+))?(?:\/(\w+))?$/.exec(path) ?? []
    const issue = find(ref)
    if (issue && part === 'comment' && sub !== '') return onComment(issue, sub, method)
    return issue ? onIssue(issue, part, asked) : missing
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://jira')
      const text = Buffer.concat(parts).toString()
      const allowed = request.headers.authorization === `Basic ${Buffer.from(`${login.username}:${login.api_token}`).toString('base64')}`
      const reply = allowed
        ? answer({
            method: request.method ?? 'GET',
            path: url.pathname.replace(/^\/rest\/api\/3/, ''),
            query: url.searchParams,
            body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
          })
        : { status: 401, body: { errorMessages: ['Client must be authenticated to access this resource.'], errors: {} } }
      response
        .writeHead(reply.status, { 'content-type': 'application/json' })
        .end(reply.body === undefined ? undefined : JSON.stringify(reply.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    login,
    searches,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
