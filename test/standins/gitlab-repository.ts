import { createHash } from 'node:crypto'

export interface Asked {
  readonly method: string
  readonly query: URLSearchParams
  readonly body: Record<string, any>
  readonly parts: readonly string[]
}

export interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export class Refusal extends Error {
  readonly status: number
  readonly body: object
  constructor(status: number, body: object) {
    super(JSON.stringify(body))
    this.status = status
    this.body = body
  }
}

export const notFound = (what: string): Refusal => new Refusal(404, { message: `404 ${what} Not Found` })

export const person = (id: number, username: string, name: string) => ({
  id,
  username,
  name,
  state: 'active',
  avatar_url: null,
  web_url: `https://gitlab.example/${username}`,
})
export const ada = person(1, 'ada', 'Ada Lovelace')

/** A page, with the headers that say where the next one begins. */
export const paged = (asked: Asked, all: readonly unknown[]): Reply => {
  const page = Number(asked.query.get('page') ?? 1)
  const size = Number(asked.query.get('per_page') ?? 20)
  const hasNext = page * size < all.length
  const next = new URLSearchParams([...asked.query].filter(([name]) => name !== 'page'))
  next.set('page', String(page + 1))
  return {
    status: 200,
    body: all.slice((page - 1) * size, page * size),
    headers: {
      'x-page': String(page),
      'x-per-page': String(size),
      'x-total': String(all.length),
      'x-total-pages': String(Math.max(1, Math.ceil(all.length / size))),
      'x-next-page': hasNext ? String(page + 1) : '',
      ...(hasNext
        ? { link: `<http://gitlab.example/api/v4/${asked.parts.map(encodeURIComponent).join('/')}?${next.toString()}>; rel="next"` }
        : {}),
    },
  }
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex')

type Tree = ReadonlyMap<string, string>

interface Commit {
  readonly id: string
  readonly message: string
  readonly tree: Tree
  readonly parent: Commit | undefined
  readonly at: string
}

/** Commits and branches of one project, without git. */
export function gitlabRepository(web: string, now: () => string) {
  const commits = new Map<string, Commit>()
  const branches = new Map<string, Commit>()

  const commit = (tree: Tree, message: string, parent?: Commit): Commit => {
    const at = now()
    const made = { id: sha1(`${at}${message}${parent?.id ?? ''}`), message, tree, parent, at }
    commits.set(made.id, made)
    return made
  }
  branches.set(
    'main',
    commit(
      new Map([
        ['README.md', '# Hello\n'],
        ['docs/guide.md', '# Guide\n'],
      ]),
      'Begin',
    ),
  )

  const commitBody = (one: Commit) => ({
    id: one.id,
    short_id: one.id.slice(0, 8),
    title: one.message.split('\n')[0],
    message: one.message,
    created_at: one.at,
    parent_ids: one.parent ? [one.parent.id] : [],
    author_name: ada.name,
    author_email: 'ada@example.com',
    authored_date: one.at,
    committer_name: ada.name,
    committer_email: 'ada@example.com',
    committed_date: one.at,
    trailers: {},
    extended_trailers: {},
    web_url: `${web}/-/commit/${one.id}`,
  })
  const branchBody = (name: string, one: Commit) => ({
    name,
    commit: commitBody(one),
    merged: false,
    protected: name === 'main',
    default: name === 'main',
    developers_can_push: false,
    developers_can_merge: false,
    can_push: true,
    web_url: `${web}/-/tree/${name}`,
  })
  const at = (ref: string | null): Commit => {
    const name = ref === null || ref === 'HEAD' ? 'main' : ref
    const found = branches.get(name) ?? commits.get(name) ?? [...commits.values()].find(({ id }) => name.length >= 7 && id.startsWith(name))
    if (!found) throw notFound('Commit')
    return found
  }
  const lastCommitOf = (one: Commit, file: string): Commit => {
    let found = one
    while (found.parent && found.parent.tree.get(file) === found.tree.get(file)) found = found.parent
    return found
  }
  const diffOf = (from: Tree, to: Tree) =>
    [...new Set([...from.keys(), ...to.keys()])]
      .filter((name) => from.get(name) !== to.get(name))
      .map((name) => ({
        old_path: name,
        new_path: name,
        a_mode: from.has(name) ? '100644' : '0',
        b_mode: to.has(name) ? '100644' : '0',
        new_file: !from.has(name),
        renamed_file: false,
        deleted_file: !to.has(name),
        generated_file: false,
        collapsed: false,
        too_large: false,
        diff: `@@ -1 +1 @@\n-${from.get(name) ?? ''}\n+${to.get(name) ?? ''}`,
      }))
  function repository(asked: Asked): Reply {
    const [kind, name, more] = asked.parts.slice(3)
    const { query, body, method } = asked
    if (kind === 'commits' && name === undefined) {
      const history: Commit[] = []
      for (let one: Commit | undefined = at(query.get('ref_name')); one; one = one.parent) history.push(one)
      return paged(asked, history.map(commitBody))
    }
    if (kind === 'commits') {
      const extra = { stats: { additions: 1, deletions: 0, total: 1 }, status: null, project_id: 1, last_pipeline: null }
      return { status: 200, body: { ...commitBody(at(name!)), ...extra } }
    }
    if (kind === 'branches' && name === undefined && method === 'GET') {
      const found = [...branches].filter(([branch]) => branch.includes(query.get('search') ?? ''))
      return paged(
        asked,
        found.map(([branch, one]) => branchBody(branch, one)),
      )
    }
    if (kind === 'branches' && method === 'POST') {
      const branch = String(query.get('branch') ?? body['branch'])
      if (branches.has(branch)) throw new Refusal(400, { message: 'Branch already exists' })
      branches.set(branch, at(query.get('ref') ?? body['ref']))
      return { status: 201, body: branchBody(branch, branches.get(branch)!) }
    }
    if (kind === 'branches') {
      const one = branches.get(name!)
      if (!one) throw notFound('Branch')
      if (method !== 'DELETE') return { status: 200, body: branchBody(name!, one) }
      branches.delete(name!)
      return { status: 204 }
    }
    if (kind === 'tree') return tree(asked)
    if (kind === 'blobs') {
      const found = [...commits.values()].flatMap((one) => [...one.tree.values()]).find((text) => sha1(text) === name)
      if (found === undefined) throw notFound('Blob')
      return {
        status: 200,
        body: more === 'raw' ? Buffer.from(found) : { size: found.length, encoding: 'base64', content: btoa(found), sha: name },
      }
    }
    return file(asked, name!)
  }

  /** Keyset pages, as the recursive tree has them. */
  function tree({ query, parts }: Asked): Reply {
    const one = at(query.get('ref'))
    const below = query.get('path') ? `${query.get('path')}/` : ''
    const isRecursive = query.get('recursive') === 'true'
    const entries = new Map<string, { id: string; name: string; type: string; path: string; mode: string }>()
    for (const [file, text] of one.tree) {
      if (!file.startsWith(below)) continue
      const names = file.slice(below.length).split('/')
      for (let depth = 1; depth < names.length; depth++) {
        const path = below + names.slice(0, depth).join('/')
        const id = sha1(
          [...one.tree]
            .filter(([other]) => other.startsWith(`${path}/`))
            .flat()
            .join('\n'),
        )
        if (depth === 1 || isRecursive) entries.set(path, { id, name: names[depth - 1]!, type: 'tree', path, mode: '040000' })
      }
      if (names.length === 1 || isRecursive)
        entries.set(file, { id: sha1(text), name: names.at(-1)!, type: 'blob', path: file, mode: '100644' })
    }
    if (below !== '' && entries.size === 0) throw new Refusal(404, { message: '404 invalid revision or path Not Found' })
    const all = [...entries.values()]
    const size = Number(query.get('per_page') ?? 20)
    const from = query.get('page_token') === null ? 0 : all.findIndex(({ id }) => id === query.get('page_token')) + 1
    const page = all.slice(from, from + size)
    const next = new URLSearchParams(query)
    next.set('page_token', page.at(-1)?.id ?? '')
    const link: Record<string, string> =
      from + size < all.length
        ? { link: `<http://gitlab.example/api/v4/${parts.map(encodeURIComponent).join('/')}?${next.toString()}>; rel="next"` }
        : {}
    return { status: 200, body: page, headers: link }
  }

  function file({ method, query, body }: Asked, name: string): Reply {
    const isRead = method === 'GET' || method === 'HEAD'
    const branch = isRead ? query.get('ref') : String(body['branch'] ?? query.get('branch'))
    const one = at(branch)
    const text = one.tree.get(name)
    if (isRead) {
      if (text === undefined) throw notFound('File')
      const bytes = Buffer.from(text)
      const last = lastCommitOf(one, name).id
      const fields = {
        file_name: name.split('/').at(-1),
        file_path: name,
        size: bytes.length,
        encoding: 'base64',
        content: bytes.toString('base64'),
      }
      return {
        status: 200,
        body: {
          ...fields,
          content_sha256: createHash('sha256').update(bytes).digest('hex'),
          ref: branch,
          blob_id: sha1(text),
          commit_id: one.id,
          last_commit_id: last,
        },
        headers: { 'x-gitlab-blob-id': sha1(text), 'x-gitlab-last-commit-id': last, 'x-gitlab-size': String(bytes.length) },
      }
    }
    if (method === 'POST' && text !== undefined) throw new Refusal(400, { message: 'A file with this name already exists' })
    if (method !== 'POST' && text === undefined) throw new Refusal(400, { message: "A file with this name doesn't exist" })
    const known = body['last_commit_id']
    if (method !== 'POST' && known !== undefined && known !== lastCommitOf(one, name).id)
      throw new Refusal(400, { message: `You are attempting to update a file that has changed since you started editing it: ${name}` })
    const next = new Map(one.tree)
    if (method === 'DELETE') next.delete(name)
    else next.set(name, body['encoding'] === 'base64' ? Buffer.from(body['content'], 'base64').toString('utf8') : body['content'])
    branches.set(branch!, commit(next, String(body['commit_message'] ?? query.get('commit_message')), one))
    return method === 'DELETE' ? { status: 204 } : { status: method === 'POST' ? 201 : 200, body: { file_path: name, branch } }
  }

  return { answer: repository, at, branches, commit, diffOf }
}
