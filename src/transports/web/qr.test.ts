import assert from 'node:assert/strict'
import { test } from 'node:test'

type Modules = readonly (readonly boolean[])[]

const { qrModules } = (await import(new URL('assets/qr.js', import.meta.url).href)) as { qrModules(text: string): Modules | undefined }

/** Level M of the standard: check words of a block, and blocks, by version. */
const level: Readonly<Record<number, readonly [number, number]>> = {
  1: [10, 1],
  2: [16, 1],
  3: [26, 1],
  4: [18, 2],
  5: [24, 2],
  6: [16, 4],
  7: [18, 4],
  8: [22, 4],
  9: [22, 5],
  10: [26, 5],
}

const logs = new Map<number, number>()
const powers: number[] = []
for (let n = 0, value = 1; n < 255; n++) {
  powers.push(value)
  logs.set(value, n)
  value = value * 2 >= 256 ? (value * 2) ^ 0x11d : value * 2
}

/** The value of the polynomial of a block at a power of two: zero for each of them when no word is wrong. */
function valueAt(block: readonly number[], power: number): number {
  return block.reduce((sum, word) => (sum === 0 ? 0 : powers[(logs.get(sum)! + power) % 255]!) ^ word, 0)
}

/** What a division of binary polynomials leaves: zero where the check bits are right. */
function restOf(value: number, polynomial: number): number {
  const degree = polynomial.toString(2).length
  let rest = value
  while (rest.toString(2).length >= degree) rest ^= polynomial << (rest.toString(2).length - degree)
  return rest
}

/** Whether a module belongs to a pattern, and not to the text. */
function isFixed(x: number, y: number, size: number): boolean {
  const version = (size - 17) / 4
  if (x === 6 || y === 6) return true
  if ((x < 9 && y < 9) || (x < 9 && y >= size - 8) || (x >= size - 8 && y < 9)) return true
  if (version >= 7 && ((x < 6 && y >= size - 11) || (y < 6 && x >= size - 11))) return true
  if (version === 1) return false
  const count = version < 7 ? 2 : 3
  const centers = Array.from({ length: count }, (_, n) => 6 + (n * (size - 13)) / (count - 1))
  const near = (at: number) => centers.findIndex((center) => Math.abs(center - at) <= 2)
  const [column, row] = [near(x), near(y)]
  const isCorner = [column, row].every((n) => n === 0 || n === count - 1) && (column === 0 || row === 0)
  return column >= 0 && row >= 0 && !isCorner
}

const isFlipped = [
  (y: number, x: number) => (y + x) % 2 === 0,
  (y: number) => y % 2 === 0,
  (_y: number, x: number) => x % 3 === 0,
  (y: number, x: number) => (y + x) % 3 === 0,
  (y: number, x: number) => ((y >> 1) + Math.trunc(x / 3)) % 2 === 0,
  (y: number, x: number) => (y * x) % 6 === 0,
  (y: number, x: number) => (y * x) % 6 < 3,
  (y: number, x: number) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
]

/** Reads a code without errors, as a reader does from a picture of it. */
function read(rows: Modules): string {
  const size = rows.length
  const version = (size - 17) / 4
  const format = [0, 1, 2, 3, 4, 5, 7, 8].map((x) => rows[8]![x]!).concat([7, 5, 4, 3, 2, 1, 0].map((y) => rows[y]![8]!))
  const value = Number.parseInt(format.map(Number).join(''), 2) ^ 0b101010000010010
  assert.equal(value >> 13, 0, 'the level is M')
  assert.equal(restOf(value, 0b10100110111), 0, 'the check bits of the format')
  if (version >= 7) {
    const shown = Array.from({ length: 18 }, (_, n) => Number(rows[5 - Math.trunc(n / 3)]![size - 9 - (n % 3)])).join('')
    assert.equal(Number.parseInt(shown, 2) >> 12, version)
    assert.equal(restOf(Number.parseInt(shown, 2), 0b1111100100101), 0, 'the check bits of the version')
  }
  const mask = isFlipped[(value >> 10) & 7]!
  const bits: number[] = []
  for (let pair = (size - 3) / 2; pair >= 0; pair--) {
    const right = pair * 2 + (pair >= 3 ? 2 : 1)
    const isUp = ((size - 3) / 2 - pair) % 2 === 0
    for (const y of Array.from({ length: size }, (_, n) => (isUp ? size - 1 - n : n))) {
      for (const x of [right, right - 1]) if (!isFixed(x, y, size)) bits.push(Number(rows[y]![x]! !== mask(y, x)))
    }
  }
  const words = (bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  const [checks, count] = level[version]!
  const longer = words.length % count
  const size0 = Math.floor(words.length / count) - checks
  const data = Array.from({ length: count }, (_, n) =>
    Array.from(
      { length: size0 + (n >= count - longer ? 1 : 0) },
      (_word, k) => words[k < size0 ? k * count + n : size0 * count + n - (count - longer)]!,
    ),
  )
  const after = words.length - checks * count
  for (const [n, block] of data.entries()) {
    const whole = [...block, ...Array.from({ length: checks }, (_, k) => words[after + k * count + n]!)]
    for (let power = 0; power < checks; power++) assert.equal(valueAt(whole, power), 0, `block ${n} of version ${version}`)
  }
  const text = data
    .flat()
    .map((word) => word.toString(2).padStart(8, '0'))
    .join('')
  assert.equal(text.slice(0, 4), '0100')
  const start = version < 10 ? 12 : 20
  const length = Number.parseInt(text.slice(4, start), 2)
  return Buffer.from((text.slice(start, start + length * 8).match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString()
}

test('a QR code of each version is read as the text that it was made of', () => {
  const versions = new Set<number>()
  const key = `otpauth://totp/IntegrationHub:ada%40example.com?secret=${'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.repeat(5)}`
  for (let length = 1; length <= 213; length += 4) {
    const rows = qrModules(key.slice(0, length))!
    assert.equal(read(rows), key.slice(0, length))
    versions.add((rows.length - 17) / 4)
  }
  assert.deepEqual([...versions], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  assert.equal(read(qrModules('Zoë ✓')!), 'Zoë ✓')
})

test('a text that no QR code of version 10 holds gives none', () => {
  assert.ok(qrModules('x'.repeat(213)))
  assert.equal(qrModules('x'.repeat(214)), undefined)
})
