import { createHash } from 'node:crypto'
import { createEmulator } from 'emulate'
import { json as jsonAnswer, served, type Answer, type Asked } from './oauth/front.ts'
import { githubApp, githubOAuth, type GitHubApps } from './oauth/github.ts'

/**
 * Somebody else's GitHub (`emulate`), behind a thin front that closes the holes it is known to have: it takes any token, knows no PKCE, has no diffs and no
 * files of a pull request, no ETags, and no limits.
 */
export interface GitHubStandIn extends AsyncDisposable {
  readonly url: string
  readonly token: string
  /** The next request is answered so, whatever it is. */
  fault: { status: number; headers?: Record<string, string>; body: object } | undefined
  readonly seen: { method: string; path: string; status: number }[]
  /** Longer ones are not made, in lines. */
  largestDiff: number
  /** Forks whose repository was deleted, by their whole name. */
  readonly gone: Set<string>
  /** The OAuth app, whose pages are `/login/oauth/authorize` and `/login/oauth/access_token`. */
  readonly oauth: { readonly clientId: string; readonly clientSecret: string }
  /** The GitHub App, which is installed from `/apps/SLUG/installations/new`. */
  readonly app: typeof githubApp & { readonly privateKey: string }
}

interface Pull {
  base: { sha: string; repo: { full_name: string } }
  head: { sha: string; ref: string; repo: { full_name: string } | null }
}

interface TreeEntry {
  path: string
  type: string
  sha: string
}

export async function githubStandIn(
  options: Partial<Pick<GitHubApps, 'redirectUris' | 'expiringTokens' | 'setupUrl' | 'appCallback'>> = {},
): Promise<GitHubStandIn> {
  const apps: GitHubApps = {
    redirectUris: ['http://127.0.0.1/callback'],
    expiringTokens: false,
    setupUrl: undefined,
    appCallback: undefined,
    ...options,
    clientId: 'Iv1.0123456789abcdef',
    clientSecret: 'secret-of-the-github-app',
  }
  const token = 'ghp_standin0123456789abcdef0123456789abcd'
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      tokens: { [token]: { login: 'octocat', scopes: ['repo', 'read:org', 'workflow'] } },
      github: {
        users: [{ login: 'octocat', name: 'Octo Cat', email: 'octo@example.com' }],
        orgs: [{ login: 'strangers', members: [{ login: 'octocat', role: 'admin' }] }],
        repos: [{ owner: 'octocat', name: 'hello-world', description: 'First', auto_init: true }],
        oauth_apps: [{ client_id: apps.clientId, client_secret: apps.clientSecret, name: 'Hub', redirect_uris: apps.redirectUris }],
        apps: [
          {
            app_id: Number(githubApp.id),
            slug: githubApp.slug,
            name: 'Hub',
            permissions: { contents: 'read', issues: 'write', metadata: 'read' },
            events: ['issues'],
            installations: [{ installation_id: Number(githubApp.installation), account: 'octocat', repository_selection: 'all' }],
          },
        ],
      },
    },
  } as never)
  const oauth = githubOAuth(emulator.url, apps)
  const behind = (path: string, init: RequestInit = {}) =>
    fetch(`${emulator.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) } })
  const json = async <T>(path: string): Promise<T> => (await (await behind(path)).json()) as T

  const filesOf = async (repo: string, ref: string): Promise<Map<string, TreeEntry>> => {
    const { tree } = await json<{ tree: TreeEntry[] }>(`${repo}/git/trees/${ref}?recursive=1`)
    return new Map(tree.filter(({ type }) => type === 'blob').map((entry) => [entry.path, entry]))
  }
  const textOf = async (repo: string, sha: string | undefined): Promise<string[]> => {
    if (sha === undefined) return []
    const { content } = await json<{ content: string }>(`${repo}/git/blobs/${sha}`)
    return Buffer.from(content, 'base64').toString('utf8').replace(/\n$/, '').split('\n')
  }
  /** The emulator leaves a pull request at the commit that it was opened with. */
  const pullOf = async (repo: string, number: string): Promise<Pull> => {
    const pull = await json<Pull>(`${repo}/pulls/${number}`)
    const { commit } = await json<{ commit: { sha: string } }>(`/repos/${pull.head.repo!.full_name}/branches/${pull.head.ref}`)
    return { ...pull, head: { ...pull.head, sha: commit.sha } }
  }
  /** Nor does it count the comments. */
  const commentsOf = async (repo: string, number: string): Promise<number> => {
    for (let page = 1; ; page++) {
      const { length } = await json<unknown[]>(`${repo}/issues/${number}/comments?per_page=100&page=${page}`)
      if (length < 100) return (page - 1) * 100 + length
    }
  }
  const changes = async (repo: string, number: string) => {
    const { base, head } = await pullOf(repo, number)
    const [before, after] = [await filesOf(repo, base.sha), await filesOf(`/repos/${head.repo!.full_name}`, head.sha)]
    const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name)?.sha !== after.get(name)?.sha)
    return Promise.all(
      names.map(async (filename) => {
        const [old, now] = [
          await textOf(repo, before.get(filename)?.sha),
          await textOf(`/repos/${head.repo!.full_name}`, after.get(filename)?.sha),
        ]
        const patch = `@@ -${old.length ? 1 : 0},${old.length} +${now.length ? 1 : 0},${now.length} @@\n${[...old.map((line) => `-${line}`), ...now.map((line) => `+${line}`)].join('\n')}`
        const status = !before.has(filename) ? 'added' : !after.has(filename) ? 'removed' : 'modified'
        return {
          sha: after.get(filename)?.sha ?? '',
          filename,
          status,
          additions: now.length,
          deletions: old.length,
          changes: now.length + old.length,
          patch,
        }
      }),
    )
  }
  const diffOf = (files: Awaited<ReturnType<typeof changes>>): string =>
    files
      .map(({ filename, status, patch }) => {
        const mode = status === 'added' ? 'new file mode 100644\n' : status === 'removed' ? 'deleted file mode 100644\n' : ''
        const [from, to] = [status === 'added' ? '/dev/null' : `a/${filename}`, status === 'removed' ? '/dev/null' : `b/${filename}`]
        return `diff --git a/${filename} b/${filename}\n${mode}--- ${from}\n+++ ${to}\n${patch}\n`
      })
      .join('')

  const seen: GitHubStandIn['seen'] = []
  const standIn = { fault: undefined as GitHubStandIn['fault'], largestDiff: 20_000, gone: new Set<string>() }

  const answer = async (asked: Asked): Promise<Answer> => {
    const path = asked.url.pathname + asked.url.search
    const { fault } = standIn
    if (fault) {
      standIn.fault = undefined
      return { status: fault.status, headers: { 'content-type': 'application/json', ...fault.headers }, body: JSON.stringify(fault.body) }
    }
    const signIn = await oauth.answer(asked)
    if (signIn) return signIn
    const opened = asked.headers.authorization === `Bearer ${token}` ? { behind: token } : oauth.opens(asked)
    if (!opened) return jsonAnswer({ message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' }, 401)
    const jsonType = { 'content-type': 'application/json' }
    const [, repo = '', number = '', files] = /^(\/repos\/[^/]+\/[^/]+)\/pulls\/(\d+)(\/files)?(?:\?.*)?$/.exec(path) ?? []
    if (asked.method === 'GET' && number !== '') {
      if (files) return { status: 200, headers: jsonType, body: JSON.stringify(await changes(repo, number)) }
      if (asked.headers.accept?.includes('diff')) {
        const diff = diffOf(await changes(repo, number))
        const message = `Sorry, the diff exceeded the maximum number of lines (${standIn.largestDiff})`
        if (diff.split('\n').length > standIn.largestDiff) return { status: 406, headers: jsonType, body: JSON.stringify({ message }) }
        return { status: 200, headers: { 'content-type': 'application/vnd.github.diff; charset=utf-8' }, body: diff }
      }
      const there = await behind(path)
      if (there.status === 200) {
        const pull = await pullOf(repo, number)
        const comments = await commentsOf(repo, number)
        if (standIn.gone.has(pull.head.repo!.full_name)) pull.head.repo = null
        return { status: 200, headers: jsonType, body: JSON.stringify({ ...pull, comments }) }
      }
    }
    const given = {
      ...(asked.headers['content-type'] ? { 'content-type': asked.headers['content-type'] } : {}),
      accept: asked.headers.accept ?? '*/*',
      authorization: `Bearer ${opened.behind}`,
    }
    const reply = await behind(path, {
      method: asked.method,
      headers: given,
      ...(asked.body.length > 0 ? { body: new Uint8Array(asked.body) } : {}),
    })
    const bytes = Buffer.from(await reply.arrayBuffer())
    const headers: Record<string, string> = {
      'content-type': reply.headers.get('content-type') ?? 'application/json',
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '4999',
      'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600),
    }
    const link = reply.headers.get('link')
    if (link) headers['link'] = link
    if ('scopes' in opened) headers['x-oauth-scopes'] = (opened.scopes ?? []).join(', ')
    if (reply.status === 201 && /^\/app\/installations\/\d+\/access_tokens$/.test(path))
      oauth.remember((JSON.parse(bytes.toString()) as { token: string }).token)
    if (asked.method === 'GET' && reply.status === 200) {
      headers['etag'] = `W/"${createHash('sha1').update(bytes).digest('hex')}"`
      if (asked.headers['if-none-match'] === headers['etag']) return { status: 304, headers, body: '' }
    }
    return { status: reply.status, headers, body: reply.status === 204 ? '' : bytes }
  }

  const front = await served(async (asked) => {
    const answered = await answer(asked)
    seen.push({ method: asked.method, path: asked.url.pathname + asked.url.search, status: answered.status })
    return answered
  })
  return Object.assign(standIn, {
    url: front.url,
    token,
    seen,
    oauth: { clientId: apps.clientId, clientSecret: apps.clientSecret },
    app: { ...githubApp, privateKey: emulator.generatedSecrets[0]!.value },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      await emulator.close()
    },
  })
}
