import type { Connector } from '#kit'
import { anthropic } from './anthropic/index.ts'
import { docusaurus, gitbook, vitepress } from './docs_site/index.ts'
import { github } from './github/index.ts'
import { gitlab } from './gitlab/index.ts'
import { http } from './http/index.ts'
import { jira } from './jira/index.ts'
import { managerq } from './managerq/index.ts'
import { openai } from './openai/index.ts'
import { slack } from './slack/index.ts'
import { smtp } from './smtp/index.ts'
import { webhook } from './webhook/index.ts'
import { zulip } from './zulip/index.ts'

/** The list of all connectors. */
export const connectors: readonly Connector[] = [
  anthropic,
  docusaurus,
  gitbook,
  github,
  gitlab,
  http,
  jira,
  managerq,
  openai,
  slack,
  smtp,
  vitepress,
  webhook,
  zulip,
]
