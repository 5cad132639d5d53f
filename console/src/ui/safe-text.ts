/** Control characters, and those that are not seen or turn the direction of a text around. */
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** A text from outside, with what nobody would see made visible: a right-to-left override reads `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text.replaceAll(hidden, (character) => `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`)
}

/** A text of the hub or of an outside system as a sentence: `it answered 400` reads "It answered 400." */
export function sentence(text: string): string {
  const whole = visible(text.trim())
  return whole === '' ? '' : `${whole.charAt(0).toUpperCase()}${whole.slice(1)}${/[.!?…:]$/.test(whole) ? '' : '.'}`
}

/** An address from outside, if a link may lead there. */
export function safeHref(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined
  return /^(https?|mailto):$/.test(new URL(address).protocol) ? address : undefined
}
