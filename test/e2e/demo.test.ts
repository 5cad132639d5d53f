import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { runDemo } from './demo.ts'

test('the demo shows a review and a mail, and leaves nothing behind', async () => {
  const demo = runDemo(['--once'])
  const code = await demo.ended
  assert.equal(code, 0, demo.said())
  assert.match(demo.said(), /✓ hub +http:\/\/127\.0\.0\.1:\d+, with its own PostgreSQL/)
  assert.match(demo.said(), /│ - \*\*src\/log-in\.ts:4\*\* this SQL is put together from input/)
  assert.match(demo.said(), /│ To: recipient@example\.com\n.*│ Subject: Summary from your agent/)
  assert.ok(!existsSync(demo.dataDir()), 'its folder is gone')
  assert.doesNotMatch(demo.said(), /integration-hub: code_review_agent|"level"/)
})
