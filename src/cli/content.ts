import type { Command } from 'commander'
import { withClient, type HubClient } from './context.ts'
import { jsonOrText } from './input.ts'
import { table } from './output.ts'

type SourceRow = Awaited<ReturnType<HubClient['listSources']>>['items'][number]
type Answer = Awaited<ReturnType<HubClient['search']>>

export function contentCommands(program: Command): void {
  const sync = program.command('sync').description('content of outside systems that is kept in step, and found by `hub search`')
  sync
    .command('list')
    .description('list what is kept in step')
    .option('--integration <integration>', 'only of this integration')
    .action(({ integration }: { integration?: string }, command: Command) =>
      withClient(command, async ({ listSources }, output) => {
        const page = await listSources({ limit: 200, ...(integration === undefined ? {} : { integration }) })
        output.print(page, table(page.items.map(rowOf)))
      }),
    )
  sync
    .command('add')
    .description('keep content of an integration in step')
    .argument('<integration>', 'id, name or number')
    .argument('<kind>', 'what: issues, files …')
    .argument('[config]', 'its settings as JSON', '{}')
    .addHelpText('after', `\nExample:\n  hub sync add github issues '{"repository": "octocat/hello-world"}'`)
    // oxlint-disable-next-line max-params -- Commander passes these.
    .action((integration: string, kind: string, config: string, _options, command: Command) =>
      withClient(command, async ({ createSource }, output) => {
        const source = await createSource({ integration, kind, config: jsonOrText(config) as Record<string, unknown> })
        output.print(source, `${source.id}: ${source.name} is being read`)
      }),
    )
  sync
    .command('now')
    .description('sync a source now, or every source')
    .argument('[source]', 'its id; all when left out')
    .option('--sweep', 'also look for what was deleted')
    .option('--rescan', 'read everything again')
    .option('--confirm-deletions', 'delete what is not listed any more, however much it is')
    .action(
      (
        id: string | undefined,
        { sweep, rescan, confirmDeletions }: { sweep?: true; rescan?: true; confirmDeletions?: true },
        command: Command,
      ) =>
        withClient(command, async ({ syncSource, syncAllIntegrations }, output) => {
          if (id === undefined) {
            const answer = await syncAllIntegrations({})
            output.print(answer, `${answer.sources} sources are being read`)
            return
          }
          const asked = {
            ...(sweep && { sweep }),
            ...(rescan && { rescan }),
            ...(confirmDeletions && { confirm_deletions: confirmDeletions }),
          }
          const source = await syncSource({ id, ...asked })
          output.print(source, `${source.name} is ${source.status}`)
        }),
    )
  for (const [verb, about] of [
    ['pause', 'stop a source after its page'],
    ['resume', 'let a paused source go on'],
    ['cancel', 'end the sync of a source; what it has read stays'],
  ] as const)
    sync
      .command(verb)
      .description(about)
      .argument('<source>', 'its id')
      .action((id: string, _options, command: Command) =>
        withClient(command, async ({ pauseSource, resumeSource, cancelSync }, output) => {
          const source = await { pause: pauseSource, resume: resumeSource, cancel: cancelSync }[verb]({ id })
          output.print(source, `${source.name} is ${source.status}`)
        }),
      )
  sync
    .command('failures')
    .description('list the items of a source that could not be read')
    .argument('<source>', 'its id')
    .option('--retry', 'try them again now')
    .action((id: string, { retry }: { retry?: true }, command: Command) =>
      withClient(command, async ({ listFailures, retryFailures }, output) => {
        if (retry) await retryFailures({ id })
        const page = await listFailures({ id, limit: 200 })
        const rows = page.items.map(({ item, attempts, error, next_attempt_at: next }) => ({
          item,
          attempts,
          error: error?.detail ?? '',
          next,
        }))
        output.print(page, table(rows))
      }),
    )
  sync
    .command('remove')
    .description('delete a source and its content')
    .argument('<source>', 'its id')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ deleteSource }, output) => {
        await deleteSource({ id })
        output.print({ removed: id }, `${id} is deleted`)
      }),
    )
  program
    .command('search')
    .description('search the content that is kept in step')
    .argument('<words...>', 'what to look for')
    .option('--limit <n>', 'how many results', Number, 10)
    .option('--connector <name>', 'only this system')
    .option('--type <type>', 'only this type: issue, file, page …')
    .option('--explain', 'also say why each result is where it is')
    .action(
      (
        words: string[],
        { limit, connector, type, explain }: { limit: number; connector?: string; type?: string; explain?: true },
        command: Command,
      ) =>
        withClient(command, async ({ search }, output) => {
          const filter = { ...(connector !== undefined && { connector }), ...(type !== undefined && { type }), ...(explain && { explain }) }
          const answer = await search({ q: words.join(' '), limit, ...filter })
          output.print(answer, answer.items.length === 0 ? 'nothing was found that you may read' : answer.items.map(hitText).join('\n\n'))
        }),
    )
}

function rowOf({ id, name, integration, kind, status, documents, failing, synced_at: synced, notice, last_error: error }: SourceRow) {
  return { id, name, integration, kind, status, documents, failing, synced: synced ?? '', problem: error?.detail ?? notice ?? '' }
}

const longestSnippet = 240

function hitText({ document, chunk, citation, score, explain }: Answer['items'][number]): string {
  const snippet = (chunk?.text ?? '').replaceAll(/\s+/g, ' ').slice(0, longestSnippet)
  const why = explain ? [`  ${JSON.stringify(explain)}`] : []
  return [`${citation}  (${score})`, `  ${document.url ?? document.id}`, ...(snippet === '' ? [] : [`  ${snippet}`]), ...why].join('\n')
}
