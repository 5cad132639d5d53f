import type { Values } from '#forms'

/** A call as somebody would write it elsewhere. */
export interface Snippet {
  readonly tool: string
  readonly integration: string | undefined
  readonly values: Values
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function curlOf({ tool, integration, values }: Snippet): string {
  const body = JSON.stringify({ input: values, ...(integration === undefined ? {} : { integration }) })
  return [
    `curl -sS -X POST ${quoted(`${location.origin}/api/v1/tools/${encodeURIComponent(tool)}/invoke`)}`,
    `  -H "authorization: Bearer $HUB_TOKEN"`,
    `  -H 'content-type: application/json'`,
    `  -d ${quoted(body)}`,
  ].join(' \\\n')
}

function commandOf({ tool, integration, values }: Snippet): string {
  const from = integration === undefined ? '' : ` --integration ${quoted(integration)}`
  return `hub tool call ${tool}${from} --input ${quoted(JSON.stringify(values))}`
}

async function stepOf({ tool, integration, values }: Snippet): Promise<string> {
  const { stringify } = await import('yaml')
  const id = tool.replace(/^[a-z0-9]+_/, '').replaceAll(/[^a-z0-9_]/gi, '_')
  return stringify([{ id, uses: tool, ...(integration === undefined ? {} : { integration }), with: values }])
}

/** The forms in which a call can be copied. */
export const copies: readonly { readonly label: string; textOf(snippet: Snippet): string | Promise<string> }[] = [
  { label: 'curl', textOf: curlOf },
  { label: 'Command', textOf: commandOf },
  { label: 'Step of a flow', textOf: stepOf },
]
