import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { OAuthContext } from '#kit'
import { finishInstallation } from './oauth.ts'

/** What GitHub answers about somebody who can reach the installations of an organization and of two people. */
function contextWith(role: string | undefined): OAuthContext {
  const installations = [
    { id: 1, account: { login: 'octo-org', type: 'Organization' } },
    { id: 2, account: { login: 'ada', type: 'User' } },
    { id: 3, account: { login: 'grace', type: 'User' } },
  ]
  return {
    tokens: { access_token: 'of-ada', scopes: [] },
    client: { client_id: 'app', app_id: '7', private_key: 'key' },
    config: {},
    request: async (_method, url) => {
      const { pathname } = new URL(url)
      if (pathname === '/user/installations') return { installations }
      if (pathname === '/user') return { login: 'ada' }
      if (pathname === '/user/memberships/orgs/octo-org' && role !== undefined) return { role }
      throw new Error(`403 ${pathname}`)
    },
  }
}

const finish = (number: string | undefined, role?: string) =>
  finishInstallation(contextWith(role), new URLSearchParams(number === undefined ? {} : { installation_id: number }))

suite('an installation of a GitHub App', () => {
  test('is connected by who owns the account, or administers the organization', async () => {
    assert.deepEqual((await finish('2')).credential, { app_id: '7', private_key: 'key', installation_id: '2' })
    assert.equal((await finish('1', 'admin')).account, 'octo-org (GitHub App)')
  })

  test('is refused to who can only reach it', async () => {
    for (const [number, role] of [
      ['1', 'member'],
      ['1', undefined],
      ['3', undefined],
      ['4', undefined],
      ['', undefined],
    ] as const)
      await assert.rejects(finish(number, role), { code: 'oauth_failed' }, `${number} ${role}`)
  })
})
