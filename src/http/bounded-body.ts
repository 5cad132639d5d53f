/** Reads a body up to a number of bytes. Beyond that it is not read on, and what `tooLarge` makes is thrown. */
export async function readBounded(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  maxBytes: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > maxBytes) {
      body.destroy()
      throw tooLarge()
    }
    parts.push(part)
  }
  return parts.length === 1 ? Buffer.from(parts[0]!) : Buffer.concat(parts)
}
