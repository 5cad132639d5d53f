import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectors } from '#connectors'
import { fits } from './policy-match.ts'
import type { PolicyRule } from './policy-rule.ts'
import { toolsOf } from './tool.ts'

const tools = new Map(connectors.flatMap(toolsOf).map((tool) => [tool.name, tool]))

/** Whether a rule is about a call, whose input is read as the pipeline reads it. */
function isAbout(rule: Omit<PolicyRule, 'tools'>, name: string, given: object): boolean {
  const tool = tools.get(name)!
  return fits(rule, tool, tool.action.input.parse(given))
}

const mail = { subject: 'x', text: 'x' }

test('a rule that allows recipients needs all of them to match, in to, cc and bcc', () => {
  for (const where of [{ to: '*@corp.example' }, { recipients: '*@corp.example' }] as Record<string, string>[]) {
    const allowed = (more: object) => isAbout({ decision: 'allow', where }, 'smtp_send', { ...mail, ...more })
    assert.ok(allowed({ to: 'a@corp.example' }))
    assert.ok(allowed({ to: ['Ada <A@Corp.Example>', 'b@corp.example'], cc: 'c@corp.example' }))
    for (const outside of [
      { to: ['a@corp.example', 'x@evil.example'] },
      { to: 'a@corp.example', cc: 'x@evil.example' },
      { to: 'a@corp.example', bcc: ['x@evil.example'] },
      { to: 'corp.example <x@evil.example>' },
      { to: 'x@evil.example.corp.example.evil' },
    ])
      assert.ok(!allowed(outside), JSON.stringify(outside))
  }
})

test('a rule that denies recipients needs one of them to match', () => {
  const denied = (more: object) => isAbout({ decision: 'deny', where: { recipients: '*@evil.example' } }, 'smtp_send', { ...mail, ...more })
  assert.ok(denied({ to: 'a@corp.example', bcc: 'X@EVIL.example' }))
  assert.ok(denied({ to: 'Ada <x@evil.example>' }))
  assert.ok(!denied({ to: 'a@corp.example' }))
})

test('an address that mail programs read in different ways is refused', () => {
  const { input } = tools.get('smtp_send')!.action
  for (const to of [
    'x@evil.example <a@corp.example>',
    'a@corp.example <x@evil.example>',
    'a@corp.example (x@evil.example)',
    'team: a@corp.example, x@evil.example;',
    '<a@corp.example> <x@evil.example>',
    '"a@corp.example" <x@evil.example>',
    'a@corp.example\r\nbcc: x@evil.example',
    'a@corp.example;x@evil.example',
  ])
    assert.ok(!input.safeParse({ ...mail, to }).success, to)
})

test('a rule about a project sees every spelling and every field that names one', () => {
  const rule = (decision: 'allow' | 'deny', where: Record<string, string>) => ({ decision, where })
  for (const where of [{ project_key: 'SECRET' }, { project: 'secret' }] as Record<string, string>[]) {
    for (const project_key of ['SECRET', ' secret', 'Secret '])
      assert.ok(isAbout(rule('deny', where), 'jira_create_issue', { project_key, summary: 'x' }), project_key)
    for (const issue_key of ['SECRET-1', 'secret-1', '10001'])
      assert.ok(isAbout(rule('deny', where), 'jira_update_issue', { issue_key, summary: 'x' }), issue_key)
    assert.ok(!isAbout(rule('deny', where), 'jira_update_issue', { issue_key: 'OTHER-1', summary: 'x' }))
    assert.ok(!isAbout(rule('allow', where), 'jira_link_issues', { issue_key: 'SECRET-1', other_key: 'OTHER-1' }))
    assert.ok(!isAbout(rule('allow', where), 'jira_delete_issue', { issue_key: '10001' }))
  }
})

test('rules about repositories and channels see what the outside systems take for the same', () => {
  const comment = { owner: 'Octocat', repo: 'Hello-World', number: 1, body: 'x' }
  assert.ok(isAbout({ decision: 'deny', where: { repository: 'octocat/hello-*' } }, 'github_create_issue_comment', comment))
  assert.ok(isAbout({ decision: 'deny', where: { owner: 'octocat' } }, 'github_create_issue_comment', comment))
  assert.ok(!isAbout({ decision: 'allow', where: { repository: 'octocat/other' } }, 'github_create_issue_comment', comment))
  for (const channel of ['#general', 'general', 'General'])
    assert.ok(isAbout({ decision: 'deny', where: { channel: '#general' } }, 'slack_send_message', { channel, text: 'x' }), channel)
  assert.ok(isAbout({ decision: 'deny', where: { channel: 'ops' } }, 'zulip_send_message', { stream: 'Ops', topic: 't', content: 'x' }))
})
