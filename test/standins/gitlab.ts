import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ada, gitlabRepository, notFound, paged, person, Refusal, type Asked, type Reply } from './gitlab-repository.ts'

/**
 * A small GitLab of our own, as there is none to be had: what the connector uses, with state. It counts only because its replies are held to GitLab's
 * own schemas, and because clients that we did not write work on it.
 */
export interface GitLabStandIn extends AsyncDisposable {
  readonly url: string
  readonly token: string
  readonly replies: { readonly method: string; readonly path: string; readonly status: number; readonly body: unknown }[]
  /** The next request is answered so, whatever it is. */
  fault: { status: number; headers?: Record<string, string>; body: object } | undefined
  /** Of the one project. */
  readonly project: {
    visibility: string
    issues_access_level: string
    merge_requests_access_level: string
    repository_access_level: string
  }
  /** Whether it knows signing tokens of webhooks. */
  signs: boolean
  readonly hooks: Record<string, any>[]
}

const people = [ada, person(2, 'bob', 'Bob'), person(3, 'guest', 'Guest'), { ...person(4, 'gone', 'Gone'), state: 'blocked' }]
const members = [
  { ...people[0]!, access_level: 50, public_email: 'ada@example.com' },
  { ...people[1]!, access_level: 20 },
  { ...people[2]!, access_level: 10 },
  { ...people[3]!, access_level: 40 },
]
export async function gitlabStandIn({ step = 1 }: { readonly step?: number } = {}): Promise<GitLabStandIn> {
  let last = 0
  /** Two changes never have the same time; `step` is between them at least, in milliseconds. */
  const now = (): string => new Date((last = Math.max(Date.now(), last + step))).toISOString()
  const token = 'glpat-standin-0123456789'
  const path = 'octo-group/hello-world'
  const web = `https://gitlab.example/${path}`
  const project = {
    visibility: 'private',
    issues_access_level: 'enabled',
    merge_requests_access_level: 'enabled',
    repository_access_level: 'enabled',
  }
  const standIn = { fault: undefined as GitLabStandIn['fault'], signs: true }
  const replies: GitLabStandIn['replies'] = []
  const hooks: Record<string, any>[] = []
  const { answer: repository, at, branches, commit, diffOf } = gitlabRepository(web, now)
  const issues: Record<string, any>[] = []
  const merges: Record<string, any>[] = []
  const notes: Record<string, any>[] = []
  const pipelines: Record<string, any>[] = []
  let ids = 100

  const projectBody = () => ({
    id: 1,
    name: 'Hello World',
    name_with_namespace: 'Octo Group / Hello World',
    description: null,
    path: 'hello-world',
    path_with_namespace: path,
    created_at: '2026-01-01T00:00:00.000Z',
    default_branch: 'main',
    tag_list: [],
    topics: [],
    ssh_url_to_repo: `git@gitlab.example:${path}.git`,
    http_url_to_repo: `${web}.git`,
    web_url: web,
    readme_url: `${web}/-/blob/main/README.md`,
    avatar_url: null,
    star_count: 0,
    forks_count: 0,
    last_activity_at: now(),
    archived: false,
    namespace: { id: 9, name: 'Octo Group', path: 'octo-group', kind: 'group', full_path: 'octo-group', parent_id: null },
    ...project,
  })
  const textIn = (value: unknown, wanted: string): boolean =>
    String(value ?? '')
      .toLowerCase()
      .includes(wanted.toLowerCase())

  const listed = (asked: Asked, all: readonly Record<string, any>[]): Reply => {
    const { query } = asked
    const text = (name: string): string | undefined => query.get(name) ?? undefined
    const by = text('order_by') ?? 'created_at'
    const sign = text('sort') === 'asc' ? 1 : -1
    const state = text('state') ?? 'all'
    const found = all.filter(
      (one) =>
        (state === 'all' || one['state'] === state) &&
        (text('source_branch') ?? one['source_branch']) === one['source_branch'] &&
        (text('target_branch') ?? one['target_branch']) === one['target_branch'] &&
        (text('labels') ?? '').split(',').every((label) => label === '' || one['labels'].includes(label)) &&
        (text('search') === undefined || textIn(one['title'], text('search')!) || textIn(one['description'], text('search')!)) &&
        Date.parse(one['updated_at']) >= Date.parse(text('updated_after') ?? '1970-01-01') &&
        Date.parse(one['created_at']) >= Date.parse(text('created_after') ?? '1970-01-01'),
    )
    return paged(
      asked,
      found.toSorted((a, b) => sign * (String(a[by]).localeCompare(String(b[by])) || a['id'] - b['id'])),
    )
  }
  const assigned = (given: unknown) => people.filter(({ id }) => [given].flat().map(Number).includes(id))
  const change = (one: Record<string, any>, body: Record<string, any>): void => {
    for (const name of ['title', 'description', 'due_date', 'confidential', 'target_branch', 'squash'])
      if (body[name] !== undefined) one[name] = body[name] === '' && name === 'due_date' ? null : body[name]
    if (body['labels'] !== undefined) one['labels'] = [body['labels']].flat().join(',').split(',').filter(Boolean)
    if (body['assignee_ids'] !== undefined) {
      one['assignees'] = assigned(body['assignee_ids'])
      one['assignee'] = one['assignees'][0] ?? null
    }
    if (body['reviewer_ids'] !== undefined) one['reviewers'] = assigned(body['reviewer_ids'])
    if (body['state_event'] === 'close') Object.assign(one, { state: 'closed', closed_at: now() })
    if (body['state_event'] === 'reopen') Object.assign(one, { state: 'opened', closed_at: null })
    one['updated_at'] = now()
  }
  const begun = (list: Record<string, any>[], body: Record<string, any>, more: object): Record<string, any> => {
    if (typeof body['title'] !== 'string') throw new Refusal(400, { error: 'title is missing' })
    if (body['title'].trim() === '') throw new Refusal(400, { message: { title: ["can't be blank"] } })
    const iid = list.length + 1
    const one: Record<string, any> = {
      id: ++ids,
      iid,
      project_id: 1,
      title: '',
      description: null,
      state: 'opened',
      created_at: now(),
      closed_at: null,
      closed_by: null,
      labels: [],
      milestone: null,
      assignees: [],
      assignee: null,
      author: ada,
      user_notes_count: 0,
      upvotes: 0,
      downvotes: 0,
      discussion_locked: null,
      time_stats: { time_estimate: 0, total_time_spent: 0, human_time_estimate: null, human_total_time_spent: null },
      ...more,
    }
    change(one, body)
    one['updated_at'] = one['created_at']
    list.push(one)
    return one
  }
  const noteBody = (note: Record<string, any>) => Object.fromEntries(Object.entries(note).filter(([name]) => name !== 'on'))
  const noted = (asked: Asked, on: Record<string, any>, type: string): Reply => {
    const [id] = asked.parts.slice(5)
    if (id !== undefined) {
      const index = notes.findIndex((note) => note['on'] === on && String(note['id']) === id)
      if (index === -1) throw notFound('Note')
      if (asked.method === 'DELETE') {
        notes.splice(index, 1)
        on['user_notes_count'] -= 1
        return { status: 204 }
      }
      return { status: 200, body: noteBody(notes[index]!) }
    }
    if (asked.method === 'POST') {
      if (typeof asked.body['body'] !== 'string') throw new Refusal(400, { error: 'body is missing' })
      const at = now()
      const internal = asked.body['internal'] === true
      const note = {
        on,
        id: ++ids,
        type: null,
        body: asked.body['body'],
        attachment: null,
        author: ada,
        created_at: at,
        updated_at: at,
        system: false,
        noteable_id: on['id'],
        noteable_type: type,
        noteable_iid: on['iid'],
        project_id: 1,
        resolvable: false,
        confidential: internal,
        internal,
        commands_changes: {},
      }
      notes.push(note)
      on['user_notes_count'] += 1
      on['updated_at'] = at
      return { status: 201, body: noteBody(note) }
    }
    return listed(asked, notes.filter((note) => note['on'] === on).map(noteBody))
  }
  const pipelineBody = (one: Record<string, any>) => ({
    before_sha: null,
    tag: false,
    yaml_errors: null,
    user: ada,
    started_at: null,
    finished_at: null,
    committed_at: null,
    duration: null,
    queued_duration: null,
    coverage: null,
    detailed_status: null,
    ...one,
  })
  const runPipeline = (sha: string, ref: string): void => {
    const id = pipelines.length + 1
    const at = now()
    pipelines.push({
      id,
      iid: id,
      project_id: 1,
      sha,
      ref,
      status: 'failed',
      source: 'push',
      created_at: at,
      updated_at: at,
      web_url: `${web}/-/pipelines/${id}`,
    })
  }
  runPipeline(branches.get('main')!.id, 'main')

  const kinds: Record<string, (asked: Asked) => Reply> = {
    issues(asked) {
      const [iid, more] = asked.parts.slice(3)
      if (iid === undefined && asked.method === 'POST') {
        const number = issues.length + 1
        const fields = {
          type: 'ISSUE',
          issue_type: 'issue',
          severity: 'UNKNOWN',
          due_date: null,
          confidential: false,
          web_url: `${web}/-/issues/${number}`,
        }
        return { status: 201, body: begun(issues, asked.body, fields) }
      }
      if (iid === undefined) return listed(asked, issues)
      const one = issues.find((issue) => String(issue['iid']) === iid)
      if (!one) throw notFound('Issue')
      if (more === 'notes') return noted(asked, one, 'Issue')
      if (asked.method === 'PUT') change(one, asked.body)
      return { status: 200, body: one }
    },
    merge_requests(asked) {
      const [iid, more] = asked.parts.slice(3)
      if (iid === undefined && asked.method === 'POST') {
        const { source_branch: source, target_branch: target } = asked.body
        const [head] = [branches.get(String(source)), branches.get(String(target))]
        if (!head) throw new Refusal(400, { message: { base: ['The source branch does not exist'] } })
        const same = merges.find((one) => one['state'] === 'opened' && one['source_branch'] === source && one['target_branch'] === target)
        if (same) throw new Refusal(409, { message: [`Another open merge request already exists for this source branch: !${same['iid']}`] })
        const fields = {
          source_branch: source,
          target_branch: target,
          source_project_id: 1,
          target_project_id: 1,
          work_in_progress: false,
          draft: false,
          merge_when_pipeline_succeeds: false,
          merge_status: 'can_be_merged',
          detailed_merge_status: 'mergeable',
          sha: head.id,
          merge_commit_sha: null,
          merged_at: null,
          should_remove_source_branch: null,
          force_remove_source_branch: null,
          squash: false,
          reviewers: [],
          has_conflicts: false,
          changes_count: '1',
          web_url: `${web}/-/merge_requests/${merges.length + 1}`,
        }
        return { status: 201, body: begun(merges, asked.body, fields) }
      }
      if (iid === undefined) return listed(asked, merges)
      const one = merges.find((merge) => String(merge['iid']) === iid)
      if (!one) throw notFound('Merge Request')
      if (more === 'notes') return noted(asked, one, 'MergeRequest')
      const [from, to] = [at(one['target_branch']), at(one['sha'])]
      if (more === 'diffs') return paged(asked, diffOf(from.tree, to.tree))
      if (more === 'merge') {
        if (one['state'] !== 'opened') throw new Refusal(405, { message: '405 Method Not Allowed' })
        if (asked.body['sha'] !== undefined && !String(one['sha']).startsWith(asked.body['sha']))
          throw new Refusal(409, { message: 'SHA does not match HEAD of source branch' })
        const made = commit(new Map([...from.tree, ...to.tree]), `Merge branch '${one['source_branch']}'`, from)
        branches.set(one['target_branch'], made)
        Object.assign(one, { state: 'merged', merge_commit_sha: made.id, merged_at: now(), merge_user: ada, updated_at: now() })
      } else if (asked.method === 'PUT') change(one, asked.body)
      return { status: 200, body: one }
    },
    members: (asked) => paged(asked, members),
    search(asked) {
      const { query } = asked
      const wanted = query.get('search') ?? ''
      const scope = query.get('scope')
      if (scope === 'issues')
        return paged(
          asked,
          issues.filter((issue) => textIn(issue['title'], wanted) || textIn(issue['description'], wanted)),
        )
      if (scope !== 'blobs') throw new Refusal(400, { error: 'scope does not have a valid value' })
      const found = [...at(query.get('ref')).tree].filter(([, text]) => textIn(text, wanted))
      return paged(
        asked,
        found.map(([name, data]) => ({
          basename: name,
          data,
          path: name,
          filename: name,
          id: null,
          ref: 'main',
          startline: 1,
          project_id: 1,
        })),
      )
    },
    pipelines(asked) {
      const [id, more] = asked.parts.slice(3)
      if (id === undefined) {
        const [ref, status] = [asked.query.get('ref'), asked.query.get('status')]
        return paged(
          asked,
          pipelines.filter((one) => (ref ?? one['ref']) === one['ref'] && (status ?? one['status']) === one['status']).toReversed(),
        )
      }
      const one = pipelines.find((pipeline) => String(pipeline['id']) === id)
      if (!one) throw notFound('Pipeline')
      if (more === 'retry') one['status'] = 'running'
      if (more === 'cancel' && one['status'] === 'running') one['status'] = 'canceled'
      return { status: more === undefined ? 200 : 201, body: pipelineBody(one) }
    },
    hooks(asked) {
      const [id] = asked.parts.slice(3)
      if (asked.method === 'GET' && id === undefined) return paged(asked, hooks.map(hookBody))
      const one = id === undefined ? {} : hooks.find((hook) => String(hook['id']) === id)
      if (!one) throw notFound('Hook')
      if (asked.method === 'POST') hooks.push(Object.assign(one, { id: ++ids, created_at: now() }))
      Object.assign(one, asked.body)
      return { status: asked.method === 'POST' ? 201 : 200, body: hookBody(one) }
    },
    repository,
  }
  const hookBody = ({ signing_token: signing, ...hook }: Record<string, any>) => ({
    project_id: 1,
    push_events_branch_filter: null,
    repository_update_events: false,
    alert_status: 'executable',
    disabled_until: null,
    url_variables: [],
    custom_webhook_template: null,
    ...hook,
    token: undefined,
    ...(standIn.signs ? { signing_token_present: signing !== undefined } : {}),
  })

  function answer(asked: Asked, headers: IncomingMessage['headers']): Reply {
    if (headers['private-token'] !== token && headers.authorization !== `Bearer ${token}`)
      throw new Refusal(401, { message: '401 Unauthorized' })
    const [first, id, kind] = asked.parts
    if (first === 'user') return { status: 200, body: { ...ada, email: 'ada@example.com', public_email: 'ada@example.com' } }
    if (first === 'users')
      return paged(
        asked,
        people.filter(({ username }) => username === asked.query.get('username')),
      )
    if (first === 'projects' && id === undefined)
      return paged(
        asked,
        [projectBody()].filter((one) => textIn(one.name, asked.query.get('search') ?? '')),
      )
    if (first !== 'projects' || (id !== '1' && id !== path)) throw notFound('Project')
    if (kind === undefined) return { status: 200, body: projectBody() }
    const known = kinds[kind]
    if (!known) throw new Refusal(404, { error: '404 Not Found' })
    return known(asked)
  }

  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://gitlab')
      const method = incoming.method ?? 'GET'
      const send = ({ status, body, headers = {} }: Reply): void => {
        replies.push({ method, path: url.pathname, status, body })
        const limits = {
          'ratelimit-limit': '2000',
          'ratelimit-remaining': '1999',
          'ratelimit-reset': String(Math.floor(Date.now() / 1000) + 60),
        }
        outgoing.writeHead(status, { 'content-type': Buffer.isBuffer(body) ? 'text/plain' : 'application/json', ...limits, ...headers })
        outgoing.end(body === undefined || method === 'HEAD' ? undefined : Buffer.isBuffer(body) ? body : JSON.stringify(body))
      }
      const { fault } = standIn
      if (fault) {
        standIn.fault = undefined
        return send(fault)
      }
      try {
        const text = Buffer.concat(parts).toString('utf8')
        const isForm = incoming.headers['content-type']?.includes('form') ?? false
        const body = text === '' ? {} : isForm ? Object.fromEntries(new URLSearchParams(text)) : (JSON.parse(text) as Record<string, any>)
        const segments = url.pathname
          .replace(/^\/api\/v4\//, '')
          .split('/')
          .map(decodeURIComponent)
        send(answer({ method, query: url.searchParams, body, parts: segments }, incoming.headers))
      } catch (error) {
        if (error instanceof Refusal) send({ status: error.status, body: error.body })
        else send({ status: 500, body: { message: String(error) } })
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${port}`,
    token,
    replies,
    project,
    hooks,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
}
