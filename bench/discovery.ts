import { connectors } from '#connectors'
import { createRegistry, createSearch, type Tool } from '#tools'
import { hubTools, operations } from '#operations'
import type { Bench } from './run.ts'
import { requests, type Request } from './support/discovery-requests.ts'

const tools = 300
const rounds = 1000

export const bench: Bench = {
  describe: 'how often the right tool is among the first for what people ask',
  async run() {
    const { all } = createRegistry(connectors, hubTools(operations))
    const search = createSearch(all)
    for (const [name, asked] of Object.entries(requests)) report(name, asked, (query) => search.rank(all, query, () => true))
    speed(all)
  },
}

function report(name: string, requests: readonly Request[], rank: (query: string) => Tool[]): void {
  const known = new Set(rank('').map((tool) => tool.name))
  const places = requests.map(({ query, tools }) => {
    for (const tool of tools) if (!known.has(tool)) throw new Error(`there is no tool ${tool}`)
    const ranked = rank(query)
    return { query, tools, ranked, place: ranked.findIndex((tool) => tools.includes(tool.name)) }
  })
  for (const { query, tools, ranked, place } of places) {
    if (place < 5) continue
    const first = ranked.slice(0, 5).map((tool) => tool.name)
    console.log(`  missed, at ${place + 1}: "${query}" wants ${tools.join(' or ')}; found ${first.join(', ')}`)
  }
  const recall = (most: number): string => (places.filter(({ place }) => place < most).length / places.length).toFixed(3)
  console.log(`${name}: ${requests.length} requests, recall@1 ${recall(1)}, recall@5 ${recall(5)}`)
}

/** How long a query takes among 300 tools, beside the time that reading them takes once. */
function speed(all: readonly Tool[]): void {
  const many = Array.from({ length: tools }, (_, at) => {
    const tool = all[at % all.length]!
    return { ...tool, name: `${tool.name}_${at}` }
  })
  const start = performance.now()
  const search = createSearch(many)
  console.log(`\nreading ${tools} tools: ${(performance.now() - start).toFixed(0)} ms, once`)
  const times = Array.from({ length: rounds }, () => {
    const before = performance.now()
    search.rank(many, 'hey, could you have Anna look over PR 88 in octo/web when she is back?', () => true)
    return performance.now() - before
  }).toSorted((a, b) => a - b)
  console.log(`a query among ${tools} tools: median ${times[rounds / 2]!.toFixed(2)} ms, 99 % under ${times[rounds * 0.99]!.toFixed(2)} ms`)
}
