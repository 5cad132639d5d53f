import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { outputOf, withClient } from './context.ts'
import { table } from './output.ts'
import { scaffold } from './scaffold.ts'

export function connectorCommands(program: Command): void {
  const connector = program.command('connector').description('connectors: the outside systems that the hub knows')
  connector
    .command('list')
    .description('show what can be connected')
    .action((_options, command: Command) =>
      withClient(command, async ({ listConnectors }, output) => {
        const page = await listConnectors({})
        const rows = page.items.map(({ name, title, auth, actions }) => ({
          name,
          title,
          auth: auth.map(({ type }) => type),
          tools: actions.length,
        }))
        output.print(page, table(rows))
      }),
    )
  connector
    .command('new')
    .description('create a connector of your own in a new folder')
    .argument('<name>', 'lower case letters, digits and underscores', connectorName)
    .option('--folder <folder>', 'where to put it', './connectors')
    .action(async (name: string, options: { folder: string }, command: Command) => {
      const folder = join(resolve(options.folder), name)
      if (existsSync(folder)) throw new Error(`${folder} exists already`)
      mkdirSync(folder, { recursive: true })
      const files = scaffold(name)
      for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content)
      outputOf(command).print(
        { folder, files: Object.keys(files) },
        `created ${folder}\nnext: HUB_CONNECTORS=${join(options.folder, name)} npm start, then \`hub tool list --connector ${name}\``,
      )
    })
}

function connectorName(text: string): string {
  if (!/^[a-z][a-z0-9_]{1,30}$/.test(text))
    throw new InvalidArgumentError('lower case letters, digits and underscores, beginning with a letter')
  return text
}
