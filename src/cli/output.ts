import { HubError } from '#kit'

/** What a command prints: a table for people, JSON for programs. */
export interface Output {
  readonly json: boolean
  print(value: unknown, asText?: string): void
}

export function createOutput(json: boolean): Output {
  return {
    json,
    print: (value, asText) => {
      process.stdout.write(`${json || asText === undefined ? JSON.stringify(value, null, 2) : asText}\n`)
    },
  }
}

export function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  if (rows.length === 0) return '(none)'
  const columns = Object.keys(rows[0]!)
  const cells = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)))
  return cells
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.join(',')
  return String(value)
}

/** One clear line, a hint below it, never a stack: that is in the log at debug. */
export function describeError(error: unknown): string {
  if (error instanceof HubError) {
    const fields = error.details.errors?.map(({ path, message }) => `\n  ${path}: ${message}`).join('') ?? ''
    return `hub: ${error.message}${fields}${error.details.hint ? `\n     ${error.details.hint}` : ''}`
  }
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return `hub: the port is in use: ${message.replace(/^listen EADDRINUSE: address already in use /, '')}\n     set HUB_PORT to another one`
  if (code === 'EACCES' && message.startsWith('listen'))
    return `hub: this port needs more rights: ${message}\n     set HUB_PORT to 1024 or above`
  return `hub: ${message || String(error)}`
}
