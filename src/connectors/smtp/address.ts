import { z } from 'zod'

/**
 * One address, alone or in angle brackets behind a name. A name with an @, a comment or a group is refused: mail programs read such texts in
 * different ways, and what a rule sees must be where the mail goes.
 */
// oxlint-disable-next-line no-control-regex -- Control characters are what it excludes.
const form = /^(?:[^<>()@,;:\\\u0000-\u001f]*<([^\s<>()@,;:"\\]+@[^\s<>()@,;:"\\]+)>|([^\s<>()@,;:"\\]+@[^\s<>()@,;:"\\]+))$/

/** The mailbox that a text names; undefined if it names none, or does not say clearly which. */
export function mailboxOf(text: string): string | undefined {
  const [, named, plain] = form.exec(text) ?? []
  return named ?? plain
}

export const address = z
  .string()
  .trim()
  .min(3)
  .max(320)
  .refine((text) => mailboxOf(text) !== undefined, 'must be one address: ada@example.com or Ada <ada@example.com>')
