import { z } from 'zod'
import {
  deliveryIds,
  headerName,
  largestBodies,
  schemes,
  type HookContext,
  type Readable,
  type WebhookDeclaration,
  type WebhookScheme,
} from '#kit'

const presets = Object.keys(schemes) as (keyof typeof schemes)[]
const header = z.string().max(100).regex(headerName, 'must be a header name')

export const verification = z.union([
  z.enum(presets).describe('The scheme of this provider.'),
  z.strictObject({
    kind: z.literal('hmac'),
    header: header.describe('The header of the signature.'),
    algorithm: z.enum(['sha1', 'sha256', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    prefix: z.string().max(50).optional().describe('Text before the signature.'),
    payload: z
      .string()
      .max(200)
      .refine((text) => text.split('{body}').length === 2, 'must contain {body} exactly once')
      .optional()
      .describe('What is signed, with {body}, {timestamp} and {id}.'),
    timestamp: z
      .strictObject({
        header: header.optional(),
        listed: z.string().min(1).max(50).optional().describe('Its name in the list, instead of a header.'),
        unit: z.enum(['s', 'ms', 'iso']).default('s'),
        tolerance: z.int().min(1).max(86_400).default(300),
      })
      .optional(),
    listed: z
      .strictObject({ name: z.string().min(1).max(50), separator: z.string().min(1).max(3).default(',') })
      .optional()
      .describe('The header is a list such as t=…,v1=…: the name of the signatures in it.'),
    id_header: header.optional().describe('The header whose value replaces {id}.'),
    secret_encoding: z.enum(['utf8', 'base64', 'hex']).default('utf8'),
  }),
  z.strictObject({ kind: z.literal('token'), header, prefix: z.string().max(50).optional() }).describe('The secret itself in a header.'),
  z.strictObject({ kind: z.literal('bearer') }),
  z.strictObject({ kind: z.literal('basic') }),
])

type Settings = {
  readonly verification: z.output<typeof verification>
  readonly type?: string | { readonly header: string } | { readonly path: string }
  readonly dedupe?: { readonly header: string } | { readonly path: string }
  readonly transform?: string
  readonly reply?: { readonly status: number; readonly body?: unknown }
}

function schemeOf(given: Settings['verification']): WebhookScheme {
  if (typeof given === 'string') return schemes[given]
  if (given.kind === 'basic') return given
  if (given.kind === 'bearer') return { kind: 'token', header: 'authorization', prefix: 'Bearer ' }
  if (given.kind === 'token') return { ...given, header: given.header.toLowerCase() } as WebhookScheme
  const { id_header: idHeader, secret_encoding: secretEncoding, timestamp, ...rest } = given
  return {
    ...rest,
    header: given.header.toLowerCase(),
    secretEncoding,
    ...(timestamp ? { timestamp: { ...timestamp, ...(timestamp.header ? { header: timestamp.header.toLowerCase() } : {}) } } : {}),
    ...(idHeader ? { idHeader: idHeader.toLowerCase() } : {}),
  } as WebhookScheme
}

const settingsOf = (config: HookContext['config']): Settings => config as unknown as Settings

export const hook: WebhookDeclaration = {
  schemes: (config) => [schemeOf(settingsOf(config).verification)],
  secretCredentials: [],
  secretFields: ['secret', 'previous_secret'],
  samples: { message: (number) => ({ headers: {}, body: { message: 'A sample delivery.', number } }) },
  identify(delivery, { name, config }) {
    const { type, dedupe, verification: given } = settingsOf(config)
    const value = typeof type === 'string' ? type : type && found(delivery, type)
    const ids = deliveryIds(schemeOf(given), delivery)
    const key = dedupe && found(delivery, dedupe)
    return {
      ...ids,
      // The sender's value is reduced to the characters and length that a type may have.
      type: (value ?? name).replaceAll(/[^\w.-]+/g, '-').slice(0, 100),
      // A header may be unsigned: another body under the same value is not a repetition.
      ...(key === undefined ? {} : { dedupeKey: 'path' in dedupe! ? key : `${key} ${delivery.digest}` }),
    }
  },
  largestBody: (config) => {
    const { verification: given } = settingsOf(config)
    return typeof given === 'string' ? largestBodies[given] : undefined
  },
  transform: (config) => settingsOf(config).transform,
  reply: (config) => {
    const { reply } = settingsOf(config)
    return reply && { status: reply.status, body: reply.body ?? null }
  },
}

function found({ headers, json }: Readable, place: { readonly header: string } | { readonly path: string }): string | undefined {
  const value = 'header' in place ? headers[place.header.toLowerCase()] : at(json(), place.path.split('.'))
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) : undefined
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (here, name) =>
      typeof here === 'object' && here !== null && Object.hasOwn(here, name) ? (here as Record<string, unknown>)[name] : undefined,
    value,
  )
}
