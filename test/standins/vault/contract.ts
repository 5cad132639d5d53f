import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import type { SeenRequest } from './index.ts'

/** Vault's own description (1.15), which lies beside the repository and not in it. */
const file = join(import.meta.dirname, '../../../../shared/contracts/vault.json')

interface Operation {
  readonly requestBody?: { content: Record<string, { schema: object }> }
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>
}

export interface Contract {
  /** What in this exchange is not as described, or why it cannot be said. */
  faultsOf(request: SeenRequest): string[]
  /** The operation a request is, undefined where the description has none. */
  operationOf(request: SeenRequest): string | undefined
}

export function loadContract(): Contract | undefined {
  if (!existsSync(file)) return undefined
  const document = JSON.parse(readFileSync(file, 'utf8'), nilMaps) as { paths: Record<string, Record<string, Operation>> }
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  formats.default(ajv)
  // Go's durations, not ISO's.
  ajv.addFormat('duration', /^(\d+|(\d+(\.\d+)?(ns|us|ms|s|m|h))+)$/)
  ajv.addSchema(document, 'vault')

  const find = ({ method, path }: SeenRequest): { template: string; method: string } | undefined => {
    const url = new URL(path, 'http://vault')
    const listing = method === 'LIST' || url.searchParams.get('list') === 'true'
    const asked = decodeURIComponent(url.pathname)
      .replace(/\/?$/, listing ? '/' : '')
      .split('/')
    const template = Object.keys(document.paths).find((candidate) => {
      const parts = candidate.split('/')
      return parts.length === asked.length && parts.every((part, at) => (part.startsWith('{') ? asked[at] !== '' : part === asked[at]))
    })
    const named = { LIST: 'get', PUT: 'post' }[method] ?? method.toLowerCase()
    return template !== undefined && document.paths[template]![named] ? { template, method: named } : undefined
  }

  const check = (what: string, pointer: readonly string[], value: unknown): string[] => {
    const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    const fits = ajv.getSchema(`vault#/${escaped.join('/')}`)
    if (!fits) return [`${what}: the description has no schema at ${pointer.join('/')}`]
    return fits(value) ? [] : [`${what}: ${ajv.errorsText(fits.errors)}`]
  }

  return {
    operationOf(request) {
      const found = find(request)
      return found && `${found.method} ${found.template}`
    },
    faultsOf(request) {
      const found = find(request)
      if (!found) return []
      const { template, method } = found
      const { requestBody, responses } = document.paths[template]![method]!
      const where = ['paths', template, method]
      const what = `${request.method} ${request.path} ${request.status}`
      const response = responses[request.status]
      const faults: string[] = []
      if (requestBody && request.body !== null) {
        faults.push(...check(`${what}, request`, [...where, 'requestBody', 'content', 'application/json', 'schema'], request.body))
      }
      if (!response) faults.push(`${what}: the description has no such status`)
      else if (response.content) {
        faults.push(...check(what, [...where, 'responses', String(request.status), 'content', 'application/json', 'schema'], request.reply))
      } else if (request.status === 204 && request.reply !== undefined) faults.push(`${what}: a body where none is described`)
      return faults
    },
  }
}

/** Vault is written in Go, where an empty map is nil: `null` on the wire, which its description does not say. */
function nilMaps(_key: string, value: unknown): unknown {
  const schema = value as { format?: string } | null
  return schema && typeof schema === 'object' && schema.format === 'map' ? { ...schema, nullable: true } : value
}
