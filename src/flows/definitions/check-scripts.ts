import { HubError } from '#errors'
import type { Scripts } from '#scripts'
import type { Known } from './known.ts'
import { suggest, type Problems } from './problems.ts'
import type { Path } from './source.ts'

export interface ScriptDeps {
  readonly problems: Problems
  readonly scripts: Pick<Scripts, 'check'>
  readonly known: Known
  readonly workspaceId: string
}

/** Checks the syntax of scripts, and that the tools exist to which they are limited. */
export async function checkScripts(
  { problems, scripts, known, workspaceId }: ScriptDeps,
  steps: readonly { readonly step: Readonly<Record<string, unknown>>; readonly path: Path }[],
): Promise<void> {
  for (const { step, path } of steps) {
    const { script: code, toolset } = step
    if (typeof code === 'string') await checkSyntax(code, [...path, 'script'])
    if (typeof code !== 'string' || !Array.isArray(toolset)) continue
    toolset.forEach((name: unknown, index) => {
      if (typeof name !== 'string' || known.tool(name)) return
      const names = [...known.toolNames()]
      if (!names.some((one) => one.startsWith(`${name}_`)))
        problems.add([...path, 'toolset', index], `there is no tool and no connector \`${name}\``, suggest(name, names))
    })
  }

  async function checkSyntax(code: string, path: Path): Promise<void> {
    try {
      const fault = await scripts.check(code, workspaceId)
      if (!fault) return
      const place = fault.line === undefined ? '' : ` in its line ${fault.line}`
      problems.add(path, `the script is not valid${place}: ${fault.message}`, 'Write the body of an async JavaScript function.')
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== 'script_limit') throw error
      problems.add(path, error.message, 'Make several steps of it.')
    }
  }
}
