import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { load, type LoadRequest, type LoadResult } from './support/load.ts'
import { freePort, home, startServer, type Running } from './support/processes.ts'

const aims = { listShare: 80, addedCallMs: 1 }
const token = 'bench-administrator-token'
const rounds = 3

export const bench: Bench = {
  describe:
    'a list of 300 tools, a trivial call and a script with one call over MCP, beside the SDK alone and node:http with the same bytes',
  run: () => inFolder(measure),
}

const version = '2026-07-28'

function request(method: string, params: Readonly<Record<string, unknown>> = {}): LoadRequest {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}),
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } })
  return { method: 'POST', path: '/mcp?toolset=many&list=full', headers: () => headers, body }
}

const list = request('tools/list')
const call = request('tools/call', { name: 'many_tool_007', arguments: { text: 'hello' } })
const script = request('tools/call', { name: 'run_script', arguments: { code: 'return await tools.many_tool_007({ text: "hello" })' } })

async function answerOf({ url }: Running, { path, headers, body }: LoadRequest): Promise<string> {
  const reply = await fetch(url + path, { method: 'POST', headers: headers!(), body: body! })
  const text = await reply.text()
  if (!text.startsWith('{')) throw new Error(`the answer is no JSON: ${text.slice(0, 300)}`)
  if (!text.includes('"result"') || text.includes('"isError":true')) throw new Error(text.slice(0, 300))
  return text
}

async function measure(dataDir: string): Promise<void> {
  const port = await freePort()
  const env = {
    HUB_DATA_DIR: dataDir,
    HUB_PORT: String(port),
    HUB_ADMIN_TOKEN: token,
    LOG_LEVEL: 'warn',
    HUB_EGRESS_ALLOW: '127.0.0.1',
    HUB_CONNECTORS: join(home, 'bench/support/many'),
    RATE_LIMIT_PER_MINUTE: '10000000',
  }
  await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
  const listed = await answerOf(hub, list)
  const answers = join(dataDir, 'answers.json')
  writeFileSync(answers, JSON.stringify({ list: listed, call: await answerOf(hub, call) }))
  await answerOf(hub, script)
  console.log(
    `the list has ${(JSON.parse(listed) as { result: { tools: unknown[] } }).result.tools.length} tools and ${listed.length} bytes\n`,
  )

  const startFloor = async (mode: string): Promise<Running> => {
    const floorPort = await freePort()
    return startServer(process.execPath, [join(home, 'bench/support/mcp-floor.ts'), String(floorPort), mode, answers], {
      env: {},
      port: floorPort,
      ask: '/',
    })
  }
  await using bytes = await startFloor('bytes')
  await using sdk = await startFloor('sdk')
  const all: [name: string, server: Running][] = [
    ['node:http, same bytes', bytes],
    ['SDK alone', sdk],
    ['hub', hub],
  ]
  for (const [, { url }] of all) for (const each of [list, call]) await load(url, each, { callers: 16, total: 400 })
  await load(hub.url, script, { callers: 4, total: 50 })

  for (const callers of [1, 16]) {
    const total = callers === 1 ? 200 : 600
    const run = (what: LoadRequest) =>
      all.map(
        ([, { url }]) =>
          () =>
            load(url, what, { callers, total }),
      )
    const scripts = () => load(hub.url, script, { callers, total: total / 5 })
    const results = await alternate([...run(list), ...run(call), scripts])
    console.log(`${callers} client${callers === 1 ? '' : 's'}`)
    for (const [index, what] of ['list', 'call'].entries()) {
      const [, floor] = results.slice(3 * index)
      for (const [at, [name]] of all.entries()) row(`${what}, ${name}`, results[3 * index + at]!, name === 'hub' ? floor : undefined)
    }
    row('script with that call, hub', results[6]!, results[4])
  }
  console.log(`aims: a list ${aims.listShare} % of the SDK alone; a call adds ${aims.addedCallMs} ms to its p50 at 1 client`)
}

/** Each contender takes its turn in every round, so that a noisy moment hits all of them; the median round counts. */
async function alternate(contenders: readonly (() => Promise<LoadResult>)[]): Promise<LoadResult[]> {
  const results: LoadResult[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) for (const [index, run] of contenders.entries()) results[index]!.push(await run())
  return results.map((of) => of.toSorted((a, b) => a.p50 - b.p50)[Math.floor(of.length / 2)]!)
}

function row(name: string, { perSecond, p50, p99 }: LoadResult, floor?: LoadResult): void {
  const beside = floor
    ? `   ${((perSecond / floor.perSecond) * 100).toFixed(0)} % of the SDK alone, added p50 ${(p50 - floor.p50).toFixed(2)} ms`
    : ''
  console.log(`  ${name.padEnd(28)} ${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms${beside}`)
}
