import { useQuery } from '@tanstack/react-query'
import { trpc } from '#api'
import { useSearch, useSetSearch } from '#app'
import { SchemaFields } from '#forms'
import { Detail, EffectBadge, Facts, Id, Loaded, Tabs, visible } from '#ui'
import { texts } from './texts.ts'
import type { ToolDetails } from './tool.ts'
import { TryTool } from './try-tool.tsx'

export function ToolDetail({ name, onClose }: { readonly name: string; onClose(): void }) {
  const query = useQuery(trpc.tools.get.queryOptions({ name }))
  return (
    <Detail
      id={name}
      title={visible(query.data?.title ?? name)}
      badge={query.data ? <EffectBadge effect={query.data.effect} /> : null}
      onClose={onClose}
    >
      <Loaded query={query}>{(tool) => <Content tool={tool} />}</Loaded>
    </Detail>
  )
}

function Content({ tool }: { readonly tool: ToolDetails }) {
  const { tab = 'try' } = useSearch()
  const setSearch = useSetSearch()
  return (
    <>
      <p>{visible(tool.description)}</p>
      <Facts
        of={[
          ['Name', <Id key="name">{tool.name}</Id>],
          ['Connector', visible(tool.connector)],
          ['Other names', tool.aliases.length === 0 ? undefined : visible(tool.aliases.join(', '))],
          [
            'Called twice',
            tool.effect === 'read' ? undefined : tool.idempotent ? 'has the effect of one call' : 'acts twice without a key',
          ],
        ]}
      />
      <Tabs
        label="Tool"
        open={tab}
        onOpen={(next) => setSearch({ tab: next })}
        tabs={[
          { id: 'try', label: 'Try it', content: <TryTool tool={tool} /> },
          { id: 'input', label: 'Arguments', content: <SchemaFields schema={tool.input_schema} empty={texts.noArguments} /> },
          { id: 'output', label: 'Result', content: <SchemaFields schema={tool.output_schema} empty={texts.noFields} /> },
        ]}
      />
    </>
  )
}
