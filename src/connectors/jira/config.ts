import { z } from 'zod'
import { refuseSameBody } from '#kit'

export const config = z.object({
  refuse_same_body: refuseSameBody,
  base_url: z.url({ protocol: /^https?$/ }).describe('The site, e.g. https://your-domain.atlassian.net.'),
  api_version: z.enum(['3', '2']).default('3').describe('3 for Jira Cloud; 2 for Server and Data Center, whose texts are wiki markup.'),
})

export type JiraConfig = z.output<typeof config>
