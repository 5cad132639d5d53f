import { z } from 'zod'
import { headerName } from '#kit'

/** The HTTP client sets these itself: they say where a request goes, how long it is, and how the connection is used. */
const reserved: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export const ownHeader = z
  .string()
  .max(200)
  .regex(headerName, 'must be a header name')
  .refine((name) => !reserved.has(name.toLowerCase()), 'is set by the hub and cannot be given')

export const headerValue = z
  .string()
  .regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/, 'must be one line of characters that an HTTP header can contain')

export const callerHeaders = z.record(ownHeader, headerValue.max(65_536))
