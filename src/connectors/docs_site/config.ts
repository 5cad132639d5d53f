import { z } from 'zod'
import { headerName } from '#kit'

export const siteConfig = z.object({
  base_url: z
    .url({ protocol: /^https?$/ })
    .describe('Where the documentation begins, such as https://docs.example.com or https://example.com/docs.'),
  auth_header: z
    .string()
    .max(100)
    .regex(headerName, 'must be the name of a header')
    .optional()
    .describe('The header that takes the credential of a private site; Authorization with Bearer when left out.'),
})

export type SiteConfig = typeof siteConfig
