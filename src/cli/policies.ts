import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { withClient } from './context.ts'
import { parseJsonObject } from './input.ts'

export function policyCommands(program: Command): void {
  const policies = program.command('policies').description('policies: which tool calls are allowed, limited, or need a person')
  policies
    .command('get')
    .description('print the policies of the workspace as JSON')
    .action((_options, command: Command) => withClient(command, async ({ getPolicies }, output) => output.print(await getPolicies({}))))
  policies
    .command('set')
    .description('set the policies: rules, limits and information_flow; what is left out stays as it is')
    .argument('<file>', 'a JSON file, as `hub policies get --json` prints it')
    .action((file: string, _options, command: Command) =>
      withClient(command, async ({ setPolicies }, output) => {
        const given = await parseJsonObject(await readFile(file, 'utf8'), file)
        // The operation checks it, and names each problem with its path.
        const saved = await setPolicies(given)
        const { rules, limits = [], information_flow: flow } = saved
        output.print(saved, `${rules.length} rules, ${limits.length} limits, information flow ${flow ? 'on' : 'off'}`)
      }),
    )
}
