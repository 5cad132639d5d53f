import type { ToolDescription } from '#tools'

interface Media {
  content: { 'application/json': { schema: { properties: Record<string, unknown>; example?: unknown } } }
}

interface Operation {
  parameters?: { in: string; name: string }[]
  requestBody: Media
  responses: Record<string, Media>
}

const generic = '/api/v1/tools/{name}/invoke'

export interface DocumentedTool extends ToolDescription {
  readonly example: unknown
}

/** Adds the path of each tool, with the tool's name, schemas and example, for client generators and agents. */
export function withToolPaths(document: { paths?: Record<string, unknown> }, tools: readonly DocumentedTool[]): unknown {
  const template = (document.paths?.[generic] as { post: Operation } | undefined)?.post
  if (!template) return document
  const own = tools.map((tool) => [`/api/v1/tools/${tool.name}/invoke`, { post: operationOf(template, tool) }] as const)
  return { ...document, paths: { ...document.paths, ...Object.fromEntries(own) } }
}

function operationOf(
  template: Operation,
  { name, title, description, connector, effect, input_schema, output_schema, example }: DocumentedTool,
): object {
  const operation = structuredClone(template)
  const body = operation.requestBody.content['application/json'].schema
  body.properties['input'] = input_schema
  body.example = { input: example }
  const answer = operation.responses['200']?.content['application/json'].schema
  if (answer) answer.properties['output'] = output_schema
  return {
    ...operation,
    operationId: name,
    tags: [`Tools of ${connector}`],
    summary: title,
    description: `${description}\n\nEffect: ${effect}. Scope: \`tools:call:${name}\`.`,
    parameters: operation.parameters?.filter((parameter) => parameter.in !== 'path') ?? [],
  }
}
