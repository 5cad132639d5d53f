import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino'
import { isSecretName, redacted, redactText } from '#lib/redact'

export type { Logger }

export interface LoggerOptions {
  readonly level: string
  readonly destination?: DestinationStream
}

/** Walks what is logged and takes secrets out: by field name, and by the shape of the text. Depth-bounded, as logged values are small. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (value === null || typeof value !== 'object' || depth > 6) return value
  if (value instanceof Error) return scrub(stdSerializers.err(value), depth + 1)
  if (value instanceof Date) return value
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1))
  const clean: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) {
    clean[name] = isSecretName(name) && typeof item === 'string' ? redacted : scrub(item, depth + 1)
  }
  return clean
}

export function createLogger({ level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => scrub(fields) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          const clean = args.map((arg) => (typeof arg === 'string' ? redactText(arg) : arg)) as typeof args
          method.apply(this, clean)
        },
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  )
}
