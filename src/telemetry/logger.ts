import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino'
import { isSecretName, redacted, redactText } from '#lib/redact'

export type { Logger }

export interface LoggerOptions {
  readonly level: string
  readonly destination?: DestinationStream
}

const deepest = 6

/** Replaces secrets in logged values, by field name and by the form of the text. The depth is limited, because logged values are small. */
function scrub(value: unknown, secret = false, depth = 0): unknown {
  if (typeof value === 'string') return secret && value !== '' ? redacted : redactText(value)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  // Deeper values are not checked for secrets, so they are left out.
  if (depth > deepest) return '[deep]'
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return scrub({ ...stdSerializers.err(value) }, secret, depth + 1)
  if (Array.isArray(value)) return value.map((item) => scrub(item, secret, depth + 1))
  const clean: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) clean[name] = scrub(item, secret || isSecretName(name), depth + 1)
  return clean
}

/** Without a message, pino uses the logged error's message unchanged, so the message is set here. */
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
      // pino's own serializer would treat the copy as another error and lose its type.
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
  // pino passes the bindings of child loggers to no formatter.
  const { child } = logger
  logger.child = function scrubbed(bindings, options) {
    return child.call(this, scrub(bindings) as typeof bindings, options) as never
  }
  return logger
}
