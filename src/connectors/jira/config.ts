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
    .optional()
    .describe('Where Atlassian asks people; https://auth.atlassian.com when left out.'),
  gateway_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where sites that are connected by OAuth have their API; https://api.atlassian.com when left out.'),
  api_version: z.enum(['3', '2']).default('3').describe('3 for Jira Cloud; 2 for Server and Data Center, whose texts are wiki markup.'),
})

export type JiraConfig = z.output<typeof config>
