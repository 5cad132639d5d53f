import type { TestEvent } from 'node:test/reporters'
import { relative } from 'node:path'
import { inspect } from 'node:util'

/** Quiet while tests pass, everything about those that fail, and at the end the line that CI counts: `N passed, N failed, N skipped`. */
export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0
  let failed = 0
  let skipped = 0
  const slow: { name: string; ms: number }[] = []
  const failures: string[] = []
  for await (const { type, data } of source) {
    if (type === 'test:stderr' || type === 'test:stdout') yield data.message
    if (type === 'test:diagnostic' && data.level === 'error') yield `${data.message}\n`
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const { name, details, file } = data
    if (details.type === 'suite') continue
    if (data.skip !== undefined) {
      skipped += 1
      yield `SKIPPED  ${name}${typeof data.skip === 'string' ? `: ${data.skip}` : ''}\n`
    } else if (type === 'test:pass') {
      passed += 1
      slow.push({ name, ms: details.duration_ms })
    } else {
      failed += 1
      const place = file ? `${relative(process.cwd(), file)}:${data.line}` : ''
      const text = `FAILED   ${name}  (${place})\n${indent(inspect(type === 'test:fail' ? (data.details.error.cause ?? data.details.error) : undefined))}\n`
      failures.push(text)
      yield text
    }
  }
  const slowest = slow
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, 5)
    .filter(({ ms }) => ms > 1000)
  if (slowest.length > 0) yield `slowest: ${slowest.map(({ name, ms }) => `${name} ${(ms / 1000).toFixed(1)} s`).join(', ')}\n`
  if (failures.length > 3) yield `\nall failures again:\n${failures.join('\n')}\n`
  yield `${passed} passed, ${failed} failed, ${skipped} skipped\n`
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}
