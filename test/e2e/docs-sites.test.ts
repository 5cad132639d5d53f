import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '#test/faults'
import { docsSiteStandIn } from '../standins/docs-site.ts'
import { serveOwnHub } from '../support/served.ts'

test('a documentation site is synced and found, and what left the site leaves the hub', async () => {
  await using site = await docsSiteStandIn('docusaurus')
  await using own = await serveOwnHub({ LOG_LEVEL: 'silent' })
  const call = async (method: string, path: string, body?: object): Promise<any> => {
    const headers = { authorization: 'Bearer test-administrator-token', 'content-type': 'application/json' }
    const reply = await fetch(own.serving.address + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    assert.ok(reply.ok, `${method} ${path} answered ${reply.status}`)
    return reply.json()
  }
  await call('POST', '/api/v1/integrations', { name: 'handbook', integration_type: 'docusaurus', config: { base_url: site.url } })
  const { id } = await call('POST', '/api/v1/sources', { integration: 'handbook', kind: 'pages', config: {} })
  const documents = (wanted: number) =>
    until(
      `the source has ${wanted} documents`,
      async () => {
        const source = await call('GET', `/api/v1/sources/${id}`)
        return source.status === 'idle' && source.documents === wanted
      },
      20_000,
    )
  const titles = async (): Promise<string[]> =>
    (await call('GET', '/api/v1/search?q=books%20borrow%20limits')).items.map((item: any) => item.document.title)

  await documents(4)
  assert.equal((await titles())[0], 'Reference')
  site.files.delete('/reference/index.html')
  site.files.set('/sitemap.xml', String(site.files.get('/sitemap.xml')).replace(/<url><loc>[^<]*\/reference<.*?<\/url>/, ''))
  await call('POST', `/api/v1/sources/${id}/sync`, { sweep: true })
  await documents(3)
  assert.ok(!(await titles()).includes('Reference'))
})
