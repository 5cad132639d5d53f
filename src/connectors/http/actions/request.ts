import { z } from 'zod'
import { type HttpReply, type RequestOptions } from '#kit'
import { http } from '../declaration.ts'
import { callerHeaders } from '../headers.ts'
import { atSteps, parsePath } from '../json-path.ts'
import { assertPath } from '../path.ts'

const text = z.string().max(65_536)
const scalars = z.record(z.string().max(200), z.union([text, z.number(), z.boolean()]))

const input = z
  .strictObject({
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET').describe('HTTP method.'),
    path: z.string().max(4000).default('').describe('Path under the integration’s base URL, e.g. /v1/orders.'),
    query: z
      .record(z.string().max(200), z.union([text, z.number(), z.boolean(), z.array(z.union([text, z.number()])).max(200)]))
      .optional()
      .describe('Query parameters, encoded for you.'),
    headers: callerHeaders.optional().describe('More headers; those of the authentication cannot be replaced.'),
    json: z.unknown().optional().describe('Body sent as JSON.'),
    form: scalars.optional().describe('Body sent as a form.'),
    multipart: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe('Field.'),
          value: text.optional().describe('Its text.'),
          filename: z.string().optional().describe('File name, for a file.'),
          content_base64: z.string().max(20_000_000).optional().describe('The file, in base64.'),
          content_type: z.string().optional().describe('Its media type.'),
        }),
      )
      .max(50)
      .optional()
      .describe('Body sent as multipart form data.'),
    text: text.optional().describe('Body sent as it is; name its type in headers.'),
    json_path: z
      .string()
      .max(500)
      .refine((path) => parsePath(path) !== undefined, 'must be a path such as data.items[0].name or items[*].id')
      .optional()
      .describe('Take only this part of a JSON answer: data.items[0].name, items[*].id.'),
    allow_status: z
      .array(z.number().int().min(100).max(599))
      .max(20)
      .optional()
      .describe('Error statuses that are returned as a normal result.'),
  })
  .refine(
    ({ json, form, multipart, text: plainText }) => [json, form, multipart, plainText].filter((body) => body !== undefined).length <= 1,
    {
      message: 'give only one of json, form, multipart and text',
    },
  )

const output = z.object({ status: z.number(), headers: z.record(z.string(), z.string()), body: z.unknown() })

/** GET and HEAD are reads by the HTTP standard. The tool is still declared as a write, because its effect depends on the input. */
export const requestActions = {
  request: http.action({
    title: 'Send an HTTP request',
    description:
      'Sends any request to the API of an http integration, with its authentication added. Use it for systems that have no connector of their own. Returns status, headers and the body, parsed when it is JSON, or only the part that json_path names.',
    words:
      "call an api, http request, rest api, call a url, call an endpoint, web request, get a url, post to a url, post json, put, patch, delete request, curl, fetch a url, fetch from an api, query an external service, hit the endpoint, web service, any other system, internal api, graphql, send data to a server, weather, ping a url, request to our backend, talk to a service, webhook call, query the service, stripe, hubspot, salesforce, look up in the crm, get data from a website, download json, submit a form to an api, microservice, push data to, query our own system, something without a connector, external data, exchange rate, health endpoint, status page of a service, get the page, send a webhook, hit the url, invoke a service, read from a web service, our shop's api, other service",
    effect: 'write',
    example: { method: 'GET', path: '/v1/status', query: { verbose: true } },
    input,
    output,
    async run({ input, http, config, idempotencyKey }) {
      assertPath(input.path)
      const { headers: fixedHeaders = {}, query: fixedQuery = {} } = config
      const plain = (values: Record<string, string>) =>
        Object.fromEntries(Object.entries(values).filter(([, value]) => !value.includes('{{secret}}')))
      const options: RequestOptions = {
        query: { ...plain(fixedQuery), ...input.query },
        headers: { ...plain(fixedHeaders), ...keyHeader(input.method, idempotencyKey), ...input.headers },
        accept: 'bytes',
        isCallers: true,
        ...(input.allow_status ? { allow: input.allow_status } : {}),
        ...bodyOf(input),
      }
      const reply = await http.request<Buffer>({ ...options, method: input.method, path: input.path })
      const body = parsed(reply)
      const steps = parsePath(input.json_path ?? '') ?? []
      return { status: reply.status, headers: reply.headers, body: steps.length === 0 ? body : atSteps(body, steps) }
    },
  }),
}

/** Many APIs recognise a repeated write by this header. As not all do, the hub does not repeat the request. */
function keyHeader(method: string, key: string): Record<string, string> {
  return method === 'GET' || method === 'HEAD' ? {} : { 'idempotency-key': key }
}

function bodyOf({ json, form, multipart, text: plain }: z.output<typeof input>): RequestOptions {
  if (json !== undefined) return { json }
  if (form !== undefined) return { form }
  if (plain !== undefined) return { body: plain }
  if (multipart === undefined) return {}
  const data = new FormData()
  for (const { name, value, filename, content_base64: content, content_type: type } of multipart) {
    if (content === undefined) data.append(name, value ?? '')
    else data.append(name, new Blob([Buffer.from(content, 'base64')], type ? { type } : {}), filename ?? name)
  }
  return { multipart: data }
}

function parsed({ data, headers }: HttpReply<Buffer>): unknown {
  if (data.length === 0) return null
  const type = headers['content-type'] ?? ''
  if (/\bjson\b/i.test(type)) {
    try {
      return JSON.parse(data.toString('utf8')) as unknown
    } catch {
      return data.toString('utf8')
    }
  }
  return /^(text\/|application\/(xml|x-www-form-urlencoded|javascript))|\+xml/i.test(type) || type === ''
    ? data.toString('utf8')
    : { base64: data.toString('base64') }
}
