import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * AES-256-GCM under a versioned key. A sealed text is `s1.<key id>.<iv>.<tag>.<ciphertext>` in base64url, and opens only with the same
 * additional data, so it cannot be moved to another workspace, name or field.
 */
export interface SealKey {
  readonly id: string
  readonly key: Buffer
}

export class UnknownKeyError extends Error {
  readonly keyId: string
  constructor(keyId: string) {
    super(`sealed with key "${keyId}", which is not among the hub's secret keys`)
    this.keyId = keyId
  }
}

export class SealBrokenError extends Error {
  readonly keyId: string
  constructor(keyId: string, cause?: unknown) {
    super(`does not open with key "${keyId}": another key of that id, or the sealed text was changed or moved`, { cause })
    this.keyId = keyId
  }
}

const format = 's1'

function additionalData(parts: readonly string[]): Buffer {
  // With length prefixes, so that ["a","bc"] and ["ab","c"] differ.
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('|'))
}

export function seal(plain: string, key: SealKey, bound: readonly string[]): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.key, iv).setAAD(additionalData(bound))
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return [format, key.id, iv.toString('base64url'), cipher.getAuthTag().toString('base64url'), text.toString('base64url')].join('.')
}

export function open(sealed: string, keys: readonly SealKey[], bound: readonly string[]): string {
  const [version, keyId = '', iv = '', tag = '', text = '', ...beyond] = sealed.split('.')
  if (version !== format || beyond.length > 0) throw new SealBrokenError(keyId, new Error('unknown seal format'))
  const key = keys.find(({ id }) => id === keyId)
  if (!key) throw new UnknownKeyError(keyId)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, decode(iv), { authTagLength: 16 })
      .setAAD(additionalData(bound))
      .setAuthTag(decode(tag))
    return Buffer.concat([decipher.update(decode(text)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new SealBrokenError(keyId, cause)
  }
}

/** Node's decoder ignores unknown characters. Here each value has exactly one spelling. */
function decode(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) throw new Error('not base64url')
  return bytes
}
