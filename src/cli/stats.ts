import type { Command } from 'commander'
import { withClient } from './context.ts'
import { table } from './output.ts'

export function statsCommand(program: Command): void {
  program
    .command('stats')
    .description('how many events, runs, calls and deliveries there were; --json also prints them over time')
    .option('--from <time>', 'such as 2026-01-31T08:00:00Z; the last 24 hours when left out')
    .option('--to <time>', 'now when left out')
    .action((range: { from?: string; to?: string }, command: Command) =>
      withClient(command, async ({ getStats }, output) => {
        const stats = await getStats(range)
        const rows = Object.entries(stats.totals).flatMap(([what, counts]) =>
          Object.entries(counts ?? {}).map(([name, value]: [string, number | null]) => ({ what, count: name, value: value ?? '-' })),
        )
        output.print(stats, table(rows))
      }),
    )
}
