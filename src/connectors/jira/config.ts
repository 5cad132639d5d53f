import { z } from 'zod'
import { refuseSameBody } from '#kit'

export const config = z.object({
  refuse_same_body: refuseSameBody,
  base_url: z.url({ protocol: /^https?$/ }).describe('The site, e.g. https://your-domain.atlassian.net.'),
  cloud_id: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional()
    .describe('The site’s id at Atlassian, when it is connected by OAuth.'),
  auth_url: z
    .url({ protocol: /^https?$/ })
    .default('https://auth.atlassian.com')
    .describe('Where Atlassian asks people.'),
  gateway_url: z
    .url({ protocol: /^https?$/ })
    .default('https://api.atlassian.com')
    .describe('Where sites that are connected by OAuth have their API.'),
  api_version: z.enum(['3', '2']).default('3').describe('3 for Jira Cloud; 2 for Server and Data Center, whose texts are wiki markup.'),
})

export type JiraConfig = z.output<typeof config>
