import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Format } from 'ajv/dist/2020.js'
import { shortFormats } from './format-names.ts'

const given: Readonly<Record<string, Format>> = fullFormats

/** The formats whose check takes no longer than reading the text. */
export const boundedFormats: Readonly<Record<string, Format>> = Object.fromEntries([...shortFormats].map((name) => [name, given[name]!]))
