import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const themes = ['light', 'dark'] as const
type Theme = (typeof themes)[number]

const states = ['ok', 'failed', 'running', 'waiting', 'asks', 'off']
const surfaces = ['bg', 'surface', 'sunken']

const textPairs = [
  ...['text', 'muted', 'accent'].flatMap((color) => surfaces.map((surface) => [color, surface] as const)),
  ['on-accent', 'accent'] as const,
  ...states.flatMap((state) => [...surfaces, `${state}-bg`].map((surface) => [state, surface] as const)),
  ...states.map((state) => ['text', `${state}-bg`] as const),
]
const edgePairs = surfaces.map((surface) => ['edge', surface] as const)

test('every text has a contrast of 5.6 to 1 or more, and every edge of a control 3 to 1, in both themes', () => {
  const colors = tokens(readFileSync(join(import.meta.dirname, 'assets/tokens.css'), 'utf8'))
  assert.deepEqual([...tooLow(colors, textPairs, 5.6), ...tooLow(colors, edgePairs, 3)], [])
})

test('the contrast is that of WCAG, and a pair below the limit is found', () => {
  assert.equal(contrast('#000000', '#ffffff').toFixed(2), '21.00')
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48')
  const colors = tokens(':root { --text: light-dark(#777777, #ffffff); --bg: light-dark(#ffffff, #000000); }')
  assert.deepEqual(tooLow(colors, [['text', 'bg']], 5.6), ['light: text on bg has 4.48, and needs 5.6'])
})

type Tokens = ReadonlyMap<string, Readonly<Record<Theme, string>>>

function tokens(css: string): Tokens {
  const declarations = css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)
  return new Map([...declarations].map(([, name, light, dark]) => [name!, { light: light!, dark: dark! }]))
}

function tooLow(colors: Tokens, pairs: readonly (readonly [string, string])[], least: number): string[] {
  return themes.flatMap((theme) =>
    pairs.flatMap(([color, ground]) => {
      const [front, back] = [color, ground].map((name) => colors.get(name)?.[theme])
      if (!front || !back) return [`${theme}: ${color} or ${ground} is missing`]
      const ratio = contrast(front, back)
      return ratio >= least ? [] : [`${theme}: ${color} on ${ground} has ${ratio.toFixed(2)}, and needs ${least}`]
    }),
  )
}

function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

/** The relative luminance of WCAG 2.2. */
function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
