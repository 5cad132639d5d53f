/** The decrypted fields of a credential. */
export type CredentialValues = Readonly<Record<string, string | number | boolean>>
