import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { findRunning } from '#db'
import { sleep } from '#lib/clock'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { freePort, home, startServer } from './support/processes.ts'

const aims = { kilobytes: 230, frames: 60, worstMs: 17, rows: 60 }
const stored = 100_000
const rounds = 5
const scrollMs = 3000

export const bench: Bench = {
  describe: `the console in Chromium: the first load, and a list of ${stored.toLocaleString('en')} events`,
  run: () => inFolder(measure),
}

async function measure(dataDir: string): Promise<void> {
  const { first_script_bytes: script, style_bytes: style } = JSON.parse(readFileSync(join(home, 'console/dist/build.json'), 'utf8'))
  console.log(`first load: ${kilobytes(script)} of script (aim under ${aims.kilobytes} KB), ${kilobytes(style)} of style, as sent`)
  const port = await freePort()
  const env = { HUB_DATA_DIR: dataDir, HUB_PORT: String(port), HUB_ADMIN_TOKEN: 'bench-administrator-token', LOG_LEVEL: 'warn' }
  await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
  await fill(dataDir)
  const cookies = await signIn(hub.url, dataDir)
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  try {
    await loads(browser, hub.url, cookies)
    await scrolls(await signedIn(browser, cookies), hub.url)
  } finally {
    await browser.close()
  }
}

type Cookies = Parameters<BrowserContext['addCookies']>[0]

async function fill(dataDir: string): Promise<void> {
  const { address } = (await findRunning(dataDir))!
  const admin = new pg.Client({ ...address, database: 'hub' })
  await admin.connect()
  await admin.query(
    `insert into hub.events (id, workspace_id, type, connector, dedupe_key, dedupe, delivery_id, verified, headers, body, received_at)
     select 'evt_' || gen_random_uuid(), w.id, 'github.issues', 'github', n::text, decode(md5(n::text), 'hex'), n::text, true,
            '{}', '{}', now() - n * interval '1 second'
       from generate_series(1, $1::int) as n, (select id from hub.workspaces where name = 'default') as w`,
    [stored],
  )
  await admin.query('vacuum analyze hub.events')
  await admin.end()
}

/** The first person, by the link that the hub wrote into its data folder. */
async function signIn(url: string, dataDir: string): Promise<Cookies> {
  const token = /token=([\w-]+)/.exec(readFileSync(join(dataDir, 'setup-link'), 'utf8'))![1]!
  const reply = await fetch(`${url}/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' }),
  })
  if (!reply.ok) throw new Error(`nobody could sign in: ${await reply.text()}`)
  return reply.headers.getSetCookie().map((cookie) => {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    return { name, value, url }
  })
}

async function signedIn(browser: Browser, cookies: Cookies): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  await context.addCookies(cookies)
  return context.newPage()
}

/** From the navigation to the first row: the cold ones in a new context each, the warm ones in one that has been there before. */
async function loads(browser: Browser, url: string, cookies: Cookies): Promise<void> {
  const cold: number[] = []
  const warm: number[] = []
  for (let round = 0; round < rounds; round++) {
    const page = await signedIn(browser, cookies)
    cold.push(await firstRow(page, url))
    await page.goto('about:blank')
    warm.push(await firstRow(page, url))
    await page.context().close()
  }
  console.log(
    `to the first row of events, median of ${rounds}: cold cache ${median(cold).toFixed(0)} ms, warm ${median(warm).toFixed(0)} ms`,
  )
}

async function firstRow(page: Page, url: string): Promise<number> {
  const began = performance.now()
  await page.goto(`${url}/w/default/events`, { waitUntil: 'commit' })
  await page.locator('[role="grid"] [role="row"]').nth(1).waitFor()
  return performance.now() - began
}

/** Turns the wheel, and takes the times between frames in the page. */
async function scrolls(page: Page, url: string): Promise<void> {
  await firstRow(page, url)
  const box = (await page.locator('[role="grid"]').boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.evaluate(recordFrames)
  let mostRows = 0
  const until = performance.now() + scrollMs
  while (performance.now() < until) {
    await page.mouse.wheel(0, 300)
    mostRows = Math.max(mostRows, await page.locator('[role="grid"] [role="row"]').count())
    await sleep(16)
  }
  const frames = await page.evaluate<number[]>('window.frameTimes')
  const total = frames.reduce((sum, ms) => sum + ms, 0)
  const perSecond = (frames.length * 1000) / total
  const sorted = frames.toSorted((a, b) => a - b)
  const reached = await page.evaluate<number>(
    `Math.max(...[...document.querySelectorAll('[role="grid"] [role="row"]')].map((row) => Number(row.ariaRowIndex)))`,
  )
  console.log(
    `scrolling for ${scrollMs / 1000} s, to row ${reached}: ${perSecond.toFixed(0)} frames a second (aim ${aims.frames}), p99 ${sorted[Math.floor(sorted.length * 0.99)]!.toFixed(1)} ms, worst ${sorted.at(-1)!.toFixed(1)} ms (aim ${aims.worstMs})`,
  )
  console.log(`rows in the page: at most ${mostRows} (aim under ${aims.rows})`)
}

const recordFrames = `(() => {
  window.frameTimes = []
  let last = performance.now()
  const take = (now) => {
    window.frameTimes.push(now - last)
    last = now
    requestAnimationFrame(take)
  }
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(take) })
})()`

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} KB`

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
