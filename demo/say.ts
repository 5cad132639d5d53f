import { styleText } from 'node:util'

const width = 96

/** What the demo prints. Colours only where somebody sees them; `NO_COLOR` is heeded. */
function styled(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

function line(text = ''): void {
  process.stdout.write(`${text}\n`)
}

export const say = {
  line,
  title: (text: string) => line(`\n  ${styled('bold', text)}\n`),
  done: (what: string, more: string) => line(`  ${styled('green', '✓')} ${what.padEnd(14)} ${more}`),
  happened: (text: string) => line(`  ${styled('cyan', '→')} ${text}`),
  named: (name: string, value: string) => line(`  ${name.padEnd(16)} ${styled('bold', value)}`),
  command: (what: string, command: string) => line(`  ${styled('dim', `# ${what}`)}\n${command}\n`),
  failed: (text: string) => process.stderr.write(`\n  ${styled('red', '✗')} ${text}\n\n`),
  /** Somebody else's words, with a bar beside them. */
  quote(text: string) {
    for (const paragraph of text.trim().split('\n')) for (const part of wrapped(paragraph)) line(`    ${styled('dim', '│')} ${part}`)
  },
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  let left = text
  while (left.length > width) {
    const space = left.lastIndexOf(' ', width)
    const at = space > width / 2 ? space : width
    lines.push(left.slice(0, at))
    left = left.slice(at).trimStart()
  }
  return [...lines, left]
}
