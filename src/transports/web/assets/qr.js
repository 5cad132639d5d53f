/** QR codes after ISO/IEC 18004: bytes, level M, versions 1 to 10. */

/** For each version: check words of a block, then how many blocks have how many data words. */
const blocks = [
  [10, [1, 16]],
  [16, [1, 28]],
  [26, [1, 44]],
  [18, [2, 32]],
  [24, [2, 43]],
  [16, [4, 27]],
  [18, [4, 31]],
  [22, [2, 38], [2, 39]],
  [22, [3, 36], [2, 37]],
  [26, [4, 43], [1, 44]],
]

const alignment = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]]

const masks = [
  (x, y) => (x + y) % 2,
  (x, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
]

/** Rows of modules, true where one is dark; undefined for a text that is too long. */
export function qrModules(text) {
  const bytes = new TextEncoder().encode(text)
  const version = blocks.findIndex((block, index) => bytes.length + (index >= 9 ? 3 : 2) <= dataWords(block)) + 1
  if (version === 0) return undefined
  const words = interleaved(dataOf(bytes, version), blocks[version - 1])
  const candidates = masks.map((_mask, index) => drawn(version, words, index))
  return candidates.reduce((best, candidate) => (penalty(candidate) < penalty(best) ? candidate : best))
}

function dataWords([, ...groups]) {
  return groups.reduce((sum, [count, size]) => sum + count * size, 0)
}

function dataOf(bytes, version) {
  const bits = [...bitsOf(4, 4), ...bitsOf(bytes.length, version >= 10 ? 16 : 8)]
  for (const byte of bytes) bits.push(...bitsOf(byte, 8))
  const size = dataWords(blocks[version - 1])
  for (let n = 0; n < 4 && bits.length < size * 8; n++) bits.push(0)
  while (bits.length % 8 !== 0) bits.push(0)
  const words = []
  for (let at = 0; at < bits.length; at += 8) words.push(Number.parseInt(bits.slice(at, at + 8).join(''), 2))
  for (let n = 0; words.length < size; n++) words.push(n % 2 === 0 ? 0xec : 0x11)
  return words
}

function bitsOf(value, count) {
  return Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1)
}

function interleaved(words, [checkSize, ...groups]) {
  const data = []
  let at = 0
  for (const [count, size] of groups) {
    for (let n = 0; n < count; n++) data.push(words.slice(at, (at += size)))
  }
  const checks = data.map((block) => checkWords(block, checkSize))
  const inTurn = (all) => {
    const longest = Math.max(...all.map(({ length }) => length))
    return Array.from({ length: longest }, (_, n) => all.filter((block) => n < block.length).map((block) => block[n])).flat()
  }
  return [...inTurn(data), ...inTurn(checks)]
}

function times(a, b) {
  let product = 0
  for (let n = 7; n >= 0; n--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d)
    if ((b >> n) & 1) product ^= a
  }
  return product
}

/** The rest of a division by the generator polynomial. */
function checkWords(block, size) {
  const generator = Array.from({ length: size }, (_, n) => (n === size - 1 ? 1 : 0))
  let root = 1
  for (let n = 0; n < size; n++) {
    for (let k = 0; k < size; k++) generator[k] = times(generator[k], root) ^ (generator[k + 1] ?? 0)
    root = times(root, 2)
  }
  const rest = Array.from({ length: size }, () => 0)
  for (const word of block) {
    const factor = word ^ rest.shift()
    rest.push(0)
    for (let k = 0; k < size; k++) rest[k] ^= times(generator[k], factor)
  }
  return rest
}

/** A value with the check bits of its BCH code. */
function withCheck(value, polynomial, count) {
  let rest = value << count
  const degree = 31 - Math.clz32(polynomial)
  while (rest !== 0 && 31 - Math.clz32(rest) >= degree) rest ^= polynomial << (31 - Math.clz32(rest) - degree)
  return (value << count) | rest
}

function drawn(version, words, mask) {
  const size = version * 4 + 17
  const rows = Array.from({ length: size }, () => Array.from({ length: size }))
  const set = (x, y, dark) => {
    if (x >= 0 && y >= 0 && x < size && y < size) rows[y][x] = Boolean(dark)
  }
  const square = ([centerX, centerY], radius, isDark) => {
    for (let y = -radius; y <= radius; y++) {
      for (let x = -radius; x <= radius; x++) set(centerX + x, centerY + y, isDark(Math.max(Math.abs(x), Math.abs(y))))
    }
  }
  for (let n = 0; n < size; n++) {
    set(n, 6, n % 2 === 0)
    set(6, n, n % 2 === 0)
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ])
    square([x, y], 4, (ring) => ring !== 2 && ring !== 4)
  const centers = alignment[version - 1]
  const last = centers.at(-1)
  for (const y of centers) {
    for (const x of centers) if (!((x === 6 && (y === 6 || y === last)) || (x === last && y === 6))) square([x, y], 2, (ring) => ring !== 1)
  }
  const format = withCheck(mask, 0x537, 10) ^ 0x5412
  for (let n = 0; n < 15; n++) {
    const dark = (format >> n) & 1
    if (n < 8) set(8, n < 6 ? n : n + 1, dark)
    else set(n < 9 ? 7 : 14 - n, 8, dark)
    if (n < 8) set(size - 1 - n, 8, dark)
    else set(8, size - 15 + n, dark)
  }
  set(8, size - 8, true)
  if (version >= 7) {
    const bits = withCheck(version, 0x1f25, 12)
    for (let n = 0; n < 18; n++) {
      const [near, far] = [Math.floor(n / 3), size - 11 + (n % 3)]
      set(far, near, (bits >> n) & 1)
      set(near, far, (bits >> n) & 1)
    }
  }
  const stream = words.flatMap((word) => bitsOf(word, 8))
  let at = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    const isUpward = ((right + 1) & 2) === 0
    for (let n = 0; n < size; n++) {
      const y = isUpward ? size - 1 - n : n
      for (const x of [right, right - 1]) {
        if (rows[y][x] !== undefined) continue
        rows[y][x] = Boolean((stream[at++] ?? 0) ^ (masks[mask](x, y) === 0 ? 1 : 0))
      }
    }
  }
  return rows
}

/** How hard a code is to read, by the four rules of the standard. */
function penalty(rows) {
  const size = rows.length
  const lines = [...rows, ...rows.map((_row, x) => rows.map((row) => row[x]))].map((line) => line.map(Number).join(''))
  let sum = 0
  for (const line of lines) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2
    sum += 40 * [...line.matchAll(/(?=10111010000|00001011101)/g)].length
  }
  for (let y = 1; y < size; y++) {
    for (let x = 1; x < size; x++) {
      const dark = rows[y][x]
      if (rows[y - 1][x] === dark && rows[y][x - 1] === dark && rows[y - 1][x - 1] === dark) sum += 3
    }
  }
  const share = (rows.flat().filter(Boolean).length / (size * size)) * 100
  return sum + 10 * Math.floor(Math.abs(share - 50) / 5)
}

/** The code as a picture with its quiet zone; undefined for a text that is too long. */
export function qrPicture(text) {
  const rows = qrModules(text)
  if (!rows) return undefined
  const namespace = 'http://www.w3.org/2000/svg'
  const size = rows.length + 8
  const picture = document.createElementNS(namespace, 'svg')
  picture.setAttribute('viewBox', `0 0 ${size} ${size}`)
  picture.setAttribute('role', 'img')
  picture.setAttribute('aria-label', 'QR code of the key')
  picture.classList.add('qr')
  const path = document.createElementNS(namespace, 'path')
  path.setAttribute('d', rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join(''))
  picture.append(path)
  return picture
}
