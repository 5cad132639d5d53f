import type { Authorization } from '#http'
import type { AuthMethod, CredentialValues } from '#kit'
import { mapTexts } from '#lib/json-values'
import { isSecretName, redacted } from '#lib/redact'
import { formsOf, shortestInText } from '#lib/secret-values'

/** The secrets that one call uses, in every form in which they are sent. An outside system may repeat them in its answer. */
export interface KnownSecrets {
  readonly values: readonly string[]
  /** Adds what the credential became in a request, such as a token that was fetched with it, or Basic authentication. */
  add(authorization: Authorization): void
  /** The value with every known secret in it replaced. */
  hide<T>(value: T): T
}

export function createKnownSecrets(method: AuthMethod | undefined, credential: CredentialValues): KnownSecrets {
  const values: string[] = []
  const remember = (secret: string): void => {
    if (secret.length < shortestInText) return
    for (const form of formsOf(secret)) if (!values.includes(form)) values.push(form)
    // A secret may contain another one. The longer one goes first, so that nothing of it is left.
    values.sort((a, b) => b.length - a.length)
  }
  for (const [name, value] of Object.entries(credential)) {
    // A credential may have a field whose name every object has, such as "constructor".
    const field = method && Object.hasOwn(method.fields.shape, name) ? method.fields.shape[name] : undefined
    const isSecret = isSecretName(name) || field?.meta()?.['secret'] === true
    if (isSecret && typeof value === 'string') remember(value)
  }

  const hideText = (text: string): string => values.reduce((clean, secret) => clean.replaceAll(secret, redacted), text)

  return {
    values,
    add({ headers = {}, query = {} }) {
      // The scheme before it, such as Bearer, is no secret.
      for (const value of Object.values(headers)) remember(value.replace(/^\w{1,20} (?=\S+$)/, ''))
      for (const value of Object.values(query)) remember(value)
    },
    hide: <T>(value: T): T => (values.length === 0 ? value : (mapTexts(value, hideText) as T)),
  }
}
