import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { asTheirParts } from './blocks.ts'
import type { TraceNode } from './types.ts'

function nodeOf(id: string, more: Partial<TraceNode> = {}): TraceNode {
  const nothing = { startedAt: null, finishedAt: null, wait: null, attempts: null, error: null, detail: null, version: null }
  return { ...nothing, id, parent: null, kind: 'step', title: id, status: 'completed', ...more }
}

const at = (second: number): Date => new Date(second * 1000)

suite('a block of a trace', () => {
  test('lasts from its first part to its last, however deep, and has failed if one of them has', () => {
    const blocks = ['run_1/each', 'run_1/each/0', 'run_1/each/1', 'run_1/other'].map((id) =>
      nodeOf(id, { kind: 'item', status: 'running' }),
    )
    const parts = [
      nodeOf('run_1/each/0/a', { startedAt: at(2), finishedAt: at(3) }),
      nodeOf('run_1/each/1/a', { startedAt: at(1), finishedAt: at(4), status: 'failed' }),
      nodeOf('run_1/each/1/b', { startedAt: at(4), status: 'waiting' }),
      nodeOf('run_1/each/0/a/call', { kind: 'call', startedAt: at(0), status: 'failed' }),
      nodeOf('run_2/other/a', { startedAt: at(9), finishedAt: at(9) }),
    ]
    assert.deepEqual(
      asTheirParts(blocks, parts).map(({ id, status, startedAt, finishedAt }) => [id, status, startedAt, finishedAt]),
      [
        ['run_1/each', 'failed', at(1), null],
        ['run_1/each/0', 'completed', at(2), at(3)],
        ['run_1/each/1', 'failed', at(1), null],
        ['run_1/other', 'running', null, null],
      ],
    )
  })

  test('costs the same for each of 2,000 items with 50 requests as for few', () => {
    // What is compared is how often ids are read, which no other load of the machine changes.
    const readsFor = (items: number): number => {
      let reads = 0
      const counted = (node: TraceNode): TraceNode =>
        Object.defineProperty({ ...node }, 'id', {
          enumerable: true,
          get() {
            reads += 1
            return node.id
          },
        })
      const numbers = Array.from({ length: items }, (_, index) => index)
      const blocks = numbers.map((index) => counted(nodeOf(`run_1/each/${index}`, { kind: 'item' })))
      const below = numbers.flatMap((index) => [
        counted(nodeOf(`run_1/each/${index}/a`)),
        ...Array.from({ length: 50 }, (_, request) => counted(nodeOf(`inv_${index}#${request}`, { kind: 'request' }))),
      ])
      asTheirParts(blocks, below)
      return reads / items
    }
    assert.equal(readsFor(2000), readsFor(20))
  })
})
