import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino'
import { isSecretName, redacted, redactText } from '#lib/redact'

export type { Logger }

export interface LoggerOptions {
  readonly level: string
  readonly destination?: DestinationStream
}

const deepest = 6

/** Walks what is logged and takes secrets out: by field name, and by the shape of the text. Depth-bounded, as logged values are small. */
function scrub(value: unknown, secret = false, depth = 0): unknown {
  if (typeof value === 'string') return secret && value !== '' ? redacted : redactText(value)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  // Below that nobody looked: left out, rather than passed on unseen.
  if (depth > deepest) return '[deep]'
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return scrub({ ...stdSerializers.err(value) }, secret, depth + 1)
  if (Array.isArray(value)) return value.map((item) => scrub(item, secret, depth + 1))
  const clean: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) clean[name] = scrub(item, secret || isSecretName(name), depth + 1)
  return clean
}

/** pino takes the message of a logged error as it is when none is given with it, so it is given here. */
function withMessage(args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args
  const error = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err
  if (rest.length > 0 || !(error instanceof Error)) return [...args]
  return [first === error ? { err: error } : first, error.message]
}

export function createLogger({ level, destination }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => scrub(fields) as Record<string, unknown>,
      },
      // pino's own would take the scrubbed copy for another error and forget its type.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          const clean = withMessage(args).map((arg, index) => (index === 0 && typeof arg === 'object' ? arg : scrub(arg)))
          method.apply(this, clean as typeof args)
        },
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  )
  // No formatter sees what a child logger is bound to.
  const { child } = logger
  logger.child = function scrubbed(bindings, options) {
    return child.call(this, scrub(bindings) as typeof bindings, options) as never
  }
  return logger
}
