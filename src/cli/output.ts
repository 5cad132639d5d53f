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

interface PrintedError {
  readonly code: string
  readonly detail: string
  readonly hint?: string
  readonly faults?: readonly string[]
}

/** Prints an error and its remedy on standard error, as text or as JSON, never with a stack. */
export async function printError(error: unknown, json: boolean): Promise<void> {
  const printed = await describeError(error)
  const { detail, hint, faults = [] } = printed
  const text = [`hub: ${detail}`, ...faults.map((fault) => `  - ${fault}`), ...(hint ? [`     ${hint}`] : [])].join('\n')
  process.stderr.write(`${json ? JSON.stringify(printed) : text}\n`)
}

async function describeError(error: unknown): Promise<PrintedError> {
  const { ConfigError } = await import('#config')
  if (error instanceof ConfigError) {
    const count = error.faults.length
    return { code: 'bad_settings', detail: `the configuration has ${count} fault${count === 1 ? '' : 's'}:`, faults: error.faults }
  }
  const { HubError } = await import('#errors')
  if (error instanceof HubError) {
    const { hint, errors } = error.details
    const faults = errors?.map(({ path, message }) => `${path}: ${message}`)
    return { code: error.code, detail: error.message, ...(hint ? { hint } : {}), ...(faults ? { faults } : {}) }
  }
  const { code, syscall, message } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (code === 'EADDRINUSE') {
    const place = message.replace(/^listen EADDRINUSE: address already in use /, '')
    return { code: 'port_in_use', detail: `the port is in use: ${place}`, hint: 'set HUB_PORT to another one' }
  }
  if (code?.startsWith('57P')) {
    const hint = 'the hub that serves on this data folder, or the database, was stopped: try again'
    return { code: 'database_unavailable', detail: 'the database stopped during this command', hint }
  }
  if (code === 'EADDRNOTAVAIL')
    return { code: 'bad_address', detail: `this machine has no such address: ${message}`, hint: 'set HUB_HOST to one it has' }
  if (code === 'EACCES' && syscall === 'listen')
    return { code: 'port_refused', detail: `this port needs more rights: ${message}`, hint: 'set HUB_PORT to 1024 or above' }
  return { code: code ?? 'failed', detail: message || String(error) }
}
