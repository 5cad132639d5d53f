import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Option, type Command } from 'commander'
import { withClient } from './context.ts'
import { jsonOrText } from './input.ts'

interface RunOptions {
  readonly input?: string
  readonly key?: string
  readonly time?: string
  readonly tools?: string
}

export function scriptCommands(program: Command): void {
  const script = program.command('script').description('scripts: JavaScript that calls tools')
  script
    .command('run')
    .description('run a script')
    .argument('<file>', 'JavaScript; - reads it from standard input')
    .option('--input <json>', 'what the script reads as `input`')
    .option('-k, --key <key>', 'idempotency key: a repetition does not make the calls again')
    .addOption(new Option('--time <time>', 'what `Date` shows, to repeat a script whose calls depend on it'))
    .option('--tools <names>', 'only these tools or connectors, separated by commas')
    .addHelpText('after', '\nExample:\n  hub script run close-stale.js --input \'{"repo": "hello-world"}\' --key close-stale-1')
    .action((file: string, options: RunOptions, command: Command) =>
      withClient(command, async ({ runScript }, output) => {
        const result = await runScript({
          code: file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'),
          input: options.input === undefined ? undefined : jsonOrText(options.input),
          idempotency_key: options.key,
          time: options.time,
          toolset: options.tools?.split(',').map((name) => name.trim()),
        })
        output.print(result, JSON.stringify(result.output, null, 2))
        for (const line of result.logs) process.stderr.write(`${line}\n`)
        if (result.truncated) process.stderr.write(`hub: the output was truncated; ${result.truncated.hint}\n`)
      }),
    )
}
