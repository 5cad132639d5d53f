/** The files of a new connector. It works as it is. */
export function scaffold(name: string): Record<string, string> {
  const title = name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())
  return {
    'package.json': `${JSON.stringify({ name: `hub-connector-${name.replaceAll('_', '-')}`, version: '0.1.0', type: 'module', exports: './index.ts' }, null, 2)}\n`,
    'index.ts': `/** The hub hands the kit over, so this folder needs no packages of its own. */
export default function connector({ defineConnector, auth, path, z }: any) {
  const declaration = defineConnector({
    name: '${name}',
    title: '${title}',
    description: 'What ${title} is, in a sentence.',
    connect: 'Make an API token in ${title} and store it as a credential {"token": "…"}.',
    config: z.object({ base_url: z.url().describe('Address of the API.') }),
    auth: [auth.token()],
    baseUrl: ({ base_url }: { base_url: string }) => base_url,
    test: async ({ http }: any) => ({ account: String((await http.get('/me')).name) }),
  })

  const getItem = declaration.action({
    title: 'Get an item',
    description: 'Gets one item of ${title} by its id. Use it when you know the id. Returns its id and name.',
    effect: 'read',
    example: { id: '42' },
    input: z.strictObject({ id: z.string().min(1).describe('Id of the item.') }),
    output: z.object({ id: z.string(), name: z.string() }),
    run: ({ input, http }: any) => http.get(path\`/items/\${input.id}\`),
  })

  return declaration.withActions({ get_item: getItem })
}
`,
    'README.md': `# ${name}

${title}, for the hub. Load it with \`HUB_CONNECTORS=path/to/${name}\`.

## Credential

\`{"token": "…"}\`

## Tools

| tool | effect | |
|---|---|---|
| \`${name}_get_item\` | read | one item by its id |
`,
  }
}
