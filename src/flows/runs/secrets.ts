import { createHash, createHmac, randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Principal } from '#access'
import { flowKeyCredential, type Credentials } from '#credentials'
import { hubError, HubError } from '#errors'
import { open, seal, UnknownKeyError, type SealKey } from '#lib/seal'
import { createSecretValues, noSecrets, type SecretValue, type SecretValues } from '#lib/secret-values'
import { ttlCache } from '#lib/ttl-cache'
import { parametersSchema } from '../definitions/parameters.ts'
import { createMarkFinder, type FindMarked, type Marked } from '../definitions/secret-parameters.ts'
import type { Definition } from '../definitions/types.ts'
import type { StepRecord } from '../interpreter/runtime.ts'
import type { RunRow } from './run-store.ts'

/** What a run keeps sealed: its parameters as they were given, and the secrets among them and of the run that started it. */
interface Kept {
  readonly parameters: Record<string, unknown>
  readonly secrets: readonly SecretValue[]
}

export interface ProtectedParameters {
  /** The parameters without the secrets. */
  readonly shown: Record<string, unknown>
  /** Null where there is no secret. */
  readonly sealed: string | null
  readonly secrets: SecretValues
}

interface Given {
  readonly workspaceId: string
  readonly definition: Pick<Definition, 'parameters'>
  readonly parameters: Record<string, unknown>
  /** Secrets of whoever starts the run. */
  readonly others?: readonly SecretValue[] | undefined
}

/** What was found by looking through parameters once. */
export interface FoundSecrets extends Pick<Given, 'workspaceId' | 'parameters'> {
  /** Those in the parameters, and those of whoever starts the run. */
  readonly values: readonly SecretValue[]
  /** Undefined where the flow marks nothing. */
  readonly marked: Marked | undefined
}

/**
 * Parameters that a flow marks as `writeOnly`. The key that seals them is a credential of the workspace, so that it is kept where credentials are
 * and is sealed anew with them.
 */
export interface RunSecrets {
  /** The values to hide where these parameters of a flow appear, such as in the journal. */
  of(given: Given): Promise<SecretValues>
  /** Looks for the secrets among parameters, until there are too many. */
  find(given: Given): FoundSecrets
  /** Throws `invalid_input` if there are more secrets than can be looked for. */
  requireFew(found: FoundSecrets): void
  /** Shows nothing where there are too many secrets for the run. */
  protect(found: FoundSecrets): Promise<ProtectedParameters>
  /** The parameters of a run as the flow reads them, and what is secret. */
  parametersOf(run: RunRow): Promise<{ parameters: Record<string, unknown>; secrets: SecretValues }>
  /** Prepares the secrets of a run to protect its steps. */
  stepsOf(run: RunRow, secrets: SecretValues): Promise<StepSecrets>
  seal(workspaceId: string, value: unknown): Promise<string>
  open(workspaceId: string, sealed: string): Promise<unknown>
}

/** Stores steps without secrets. What a later segment needs is beside it, sealed. */
export interface StepSecrets {
  protect(record: StepRecord): StepRecord
  reveal<T extends StepRecord>(record: T): T
}

const keyTtlMs = 5000
const keyBytes = 32
/** Each is looked for in everything that the run stores. */
const mostSecrets = 50

export function createRunSecrets(credentials: Pick<Credentials, 'read' | 'create'>): RunSecrets {
  const read = async (workspaceId: string): Promise<SealKey | undefined> => {
    const data = await credentials.read(workspaceId, flowKeyCredential)
    if (!data) return undefined
    const key = Buffer.from(String(data['key'] ?? ''), 'base64')
    if (key.length !== keyBytes)
      throw hubError('credential_missing', {
        detail: `the credential "${flowKeyCredential}" has no "key" of ${keyBytes} bytes in base64, so secret parameters of flows cannot be sealed`,
        hint: `hub credential delete ${flowKeyCredential}; the hub then makes a new key`,
      })
    return { id: createHash('sha256').update(key).digest('hex').slice(0, 12), key }
  }

  const make = async (workspaceId: string): Promise<SealKey> => {
    const data = { key: randomBytes(keyBytes).toString('base64') }
    await credentials.create(principalIn(workspaceId), { name: flowKeyCredential, kind: 'hub', data }).catch((error: unknown) => {
      // Another process made it at the same time.
      if (!(error instanceof HubError && error.code === 'already_exists')) throw error
    })
    const made = await read(workspaceId)
    if (!made) throw hubError('credential_missing', { detail: `the credential "${flowKeyCredential}" was deleted while it was made` })
    return made
  }

  const keys = ttlCache(keyTtlMs, async (workspaceId: string) => (await read(workspaceId)) ?? make(workspaceId))

  const bound = (workspaceId: string): string[] => [workspaceId, flowKeyCredential]

  const openText = async (workspaceId: string, sealed: string): Promise<unknown> => {
    const key = await keys.get(workspaceId)
    return JSON.parse(unsealed(sealed, key, bound(workspaceId))) as unknown
  }

  const valuesWith = async (workspaceId: string, values: readonly SecretValue[]): Promise<SecretValues> => {
    if (values.length === 0) return noSecrets
    const { key } = await keys.get(workspaceId)
    // Equal secrets look equal, so that an approval of a call covers no call with another secret.
    const mark = (value: SecretValue): string => `[secret ${createHmac('sha256', key).update(String(value)).digest('hex').slice(0, 12)}]`
    return createSecretValues(values, mark)
  }

  // By the schema as the definition has it, which is the same object for many runs.
  const finders = new WeakMap<object, { readonly find: FindMarked | undefined }>()
  const finderOf = ({ parameters }: Given['definition']): FindMarked | undefined => {
    if (!parameters) return undefined
    const known = finders.get(parameters) ?? { find: createMarkFinder(parametersSchema({ parameters })) }
    finders.set(parameters, known)
    return known.find
  }

  const find: RunSecrets['find'] = ({ workspaceId, definition, parameters, others = [] }) => {
    const marked = finderOf(definition)?.(parameters, mostSecrets)
    return { workspaceId, parameters, marked, values: [...new Set([...(marked?.values ?? []), ...others])] }
  }

  const requireFew: RunSecrets['requireFew'] = ({ values }) => {
    if (values.length <= mostSecrets) return
    const message = `have more than ${mostSecrets} secret values, counted with those of the run that starts it`
    throw hubError('invalid_input', { errors: [{ path: 'parameters', message }] })
  }

  const of: RunSecrets['of'] = async (given) => {
    const found = find(given)
    requireFew(found)
    return valuesWith(given.workspaceId, found.values)
  }

  const sealText = async (workspaceId: string, value: unknown): Promise<string> =>
    seal(JSON.stringify(value), await keys.get(workspaceId), bound(workspaceId))

  return {
    of,
    find,
    requireFew,
    seal: sealText,
    open: openText,
    async protect({ workspaceId, parameters, values, marked }) {
      if (values.length > mostSecrets) return { shown: {}, sealed: null, secrets: noSecrets }
      const secrets = await valuesWith(workspaceId, values)
      // A place shows which secret it has, unless that is no text and no number.
      const showPlace = (part: unknown): unknown =>
        typeof part === 'number' || (typeof part === 'string' && part !== '') ? secrets.hide(part) : '[secret]'
      const shown = secrets.hide(marked ? marked.hide(showPlace) : parameters) as Record<string, unknown>
      if (isDeepStrictEqual(shown, parameters)) return { shown, sealed: null, secrets }
      const kept: Kept = { parameters, secrets: values }
      return { shown, sealed: await sealText(workspaceId, kept), secrets }
    },
    async parametersOf({ workspaceId, parameters, sealed }) {
      if (sealed === null) return { parameters, secrets: noSecrets }
      const kept = (await openText(workspaceId, sealed)) as Kept
      return { parameters: kept.parameters, secrets: await valuesWith(workspaceId, kept.secrets) }
    },
    async stepsOf({ workspaceId, sealed }, secrets) {
      if (sealed === null) return { protect: (record) => record, reveal: (record) => record }
      const key = await keys.get(workspaceId)
      return {
        protect(record) {
          const { input = null, output = null, error = null } = record
          const shown = { input: secrets.hide(input), output: secrets.hide(output) }
          const clear = {
            ...(isDeepStrictEqual(shown.input, input) ? {} : { input }),
            ...(isDeepStrictEqual(shown.output, output) ? {} : { output }),
          }
          const text = Object.keys(clear).length === 0 ? null : seal(JSON.stringify(clear), key, bound(workspaceId))
          return { ...record, ...shown, error: secrets.hide(error), sealed: text }
        },
        reveal(record) {
          if (!record.sealed) return record
          const clear = JSON.parse(unsealed(record.sealed, key, bound(workspaceId))) as Pick<StepRecord, 'input' | 'output'>
          // What was cleared since, for another attempt, stays cleared.
          const kept = (field: 'input' | 'output') => (record[field] !== null && field in clear ? { [field]: clear[field] } : {})
          return { ...record, ...kept('input'), ...kept('output') }
        },
      }
    },
  }
}

function unsealed(sealed: string, key: SealKey, bound: readonly string[]): string {
  try {
    return open(sealed, [key], bound)
  } catch (cause) {
    if (!(cause instanceof UnknownKeyError)) throw cause
    throw hubError('key_unknown', {
      detail: `secret parameters of a run were sealed with a key that the credential "${flowKeyCredential}" does not have any more`,
      cause,
    })
  }
}

function principalIn(workspaceId: string): Principal {
  return { kind: 'system', id: 'flows', name: 'flows', workspaceId, scopes: [], readOnly: false, ancestors: [], causes: [] }
}
