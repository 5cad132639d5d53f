/** How often a term is in a chunk, and how many terms the chunk has. */
export interface Hit {
  readonly position: number
  readonly frequency: number
  readonly size: number
}

const bytes = 4
/** The size of a chunk is kept as a logarithm: one byte for up to 60,000 terms, 4 % exact. */
const steps = 16

export function packHits(hits: readonly Hit[]): Buffer {
  const packed = Buffer.alloc(hits.length * bytes)
  for (const [index, { position, frequency, size }] of hits.entries()) {
    packed.writeUInt16BE(position, index * bytes)
    packed[index * bytes + 2] = Math.min(frequency, 255)
    packed[index * bytes + 3] = Math.min(Math.round(Math.log2(Math.max(size, 1)) * steps), 255)
  }
  return packed
}

export function unpackHits(packed: Buffer): Hit[] {
  const hits: Hit[] = []
  for (let at = 0; at < packed.length; at += bytes)
    hits.push({ position: packed.readUInt16BE(at), frequency: packed[at + 2]!, size: 2 ** (packed[at + 3]! / steps) })
  return hits
}
