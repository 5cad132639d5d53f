const bytes = 32
/** The signatures whose secret is base64 after a prefix. */
const standard = new Set(['standard', 'gitlab'])

/** A secret for webhooks, in the form that the signature of the integration needs. */
export function newSecret({ verification }: Readonly<Record<string, unknown>>): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  if (standard.has(String(verification))) return `whsec_${btoa(String.fromCharCode(...random))}`
  return [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
