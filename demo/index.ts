import { parseArgs } from 'node:util'
import { startHub } from './hub.ts'
import { say } from './say.ts'
import { connect, startStandIns } from './stand-ins.ts'
import { showCommands, showMail, showReview, watch } from './tour.ts'

const help = `npm run demo [-- --once]

A hub with small stand-ins for GitHub, Slack, a mail server and an agent. Nothing leaves this machine, nothing stays on it.

  --once   ends when everything was shown`

async function demo(once: boolean): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stop.abort()
      // A second one does not wait.
      process.once(signal, () => process.exit(130))
    })
  }
  await using stack = new AsyncDisposableStack()
  say.title('IntegrationHub: a pull request gets its review, and an agent sends a mail')
  const world = stack.use(await startStandIns())
  say.done('outside world', 'GitHub, Slack, a mail server and an agent, as stand-ins on this machine')
  const { api, dataDir } = stack.use(await startHub())
  say.done('hub', `${api.url}, with its own PostgreSQL`)
  await connect(api, world)
  say.done('connected', 'github, slack, smtp, openai; GitHub tells the hub of pull requests, signed')
  if (stop.signal.aborted) return

  say.title('code_review_agent')
  const number = await showReview(world)
  say.title('send-summary-email')
  await showMail(api, world)

  say.title('Now you')
  say.named('API reference', `${api.url}/docs`)
  say.named('Token', api.token)
  say.line()
  showCommands(api, dataDir, number)
  if (once || stop.signal.aborted) return
  say.line('  What happens outside is shown below. Ctrl-C ends it all.\n')
  await watch(world, number, stop.signal)
  say.line()
}

const { values } = parseArgs({
  options: { once: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
})
if (values.help) say.line(help)
else {
  await demo(values.once).catch((error: unknown) => {
    say.failed(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  })
}
