import type { TestEvent } from 'node:test/reporters'
import { relative } from 'node:path'
import { inspect } from 'node:util'

/** What a process of test/run.ts tells its parent, which counts the tests of all processes together. */
export interface Progress {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The test that began last. */
  readonly running: string
  readonly slow: readonly { readonly name: string; readonly ms: number }[]
  /** How long each file took. */
  readonly files: Readonly<Record<string, number>>
  readonly ended: boolean
}

/**
 * Prints nothing about tests that pass and everything about those that fail. Started alone, it ends with the line that CI counts,
 * `N passed, N failed, N skipped`; under test/run.ts it sends the figures to the parent.
 */
export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let [passed, failed, skipped, running] = [0, 0, 0, '']
  const slow: { name: string; ms: number }[] = []
  const files: Record<string, number> = {}
  const failures: string[] = []
  const tell = (ended: boolean): void => {
    const progress: Progress = { passed, failed, skipped, running, slow: ended ? slow : [], files: ended ? files : {}, ended }
    process.send?.(progress)
  }
  for await (const { type, data } of source) {
    if (type === 'test:stderr' || type === 'test:stdout') yield data.message
    if (type === 'test:diagnostic' && data.level === 'error') yield `${data.message}\n`
    if (type === 'test:dequeue') {
      running = data.name
      tell(false)
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const { name, details, file } = data
    const place = file ? relative(process.cwd(), file) : ''
    // Those inside of another one may run side by side.
    if (data.nesting === 0) files[place] = (files[place] ?? 0) + details.duration_ms
    if (details.type === 'suite') continue
    if (data.skip !== undefined) {
      skipped += 1
      yield `SKIPPED  ${name}${typeof data.skip === 'string' ? `: ${data.skip}` : ''}\n`
    } else if (type === 'test:pass') {
      passed += 1
      slow.push({ name, ms: details.duration_ms })
    } else {
      failed += 1
      const text = `FAILED   ${name}  (${place}:${data.line})\n${indent(inspect(type === 'test:fail' ? (data.details.error.cause ?? data.details.error) : undefined))}\n`
      failures.push(text)
      yield text
    }
  }
  if (process.send) return tell(true)
  yield slowestOf(slow)
  if (failures.length > 3) yield `\nall failures again:\n${failures.join('\n')}\n`
  yield `${passed} passed, ${failed} failed, ${skipped} skipped\n`
}

export function slowestOf(slow: Progress['slow']): string {
  const slowest = slow
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, 5)
    .filter(({ ms }) => ms > 1000)
  return slowest.length === 0 ? '' : `slowest: ${slowest.map(({ name, ms }) => `${name} ${(ms / 1000).toFixed(1)} s`).join(', ')}\n`
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}
