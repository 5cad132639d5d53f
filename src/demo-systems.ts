import type { Config } from '#config'
import type { DemoSystems, StartDemoSystems } from '#demo'
import { hubError } from '#errors'

/** Loads the stand-ins when somebody asks for them: they are not part of the product, and need development packages. */
export function demoSystemsOf({ HUB_DEMO }: Pick<Config, 'HUB_DEMO'>): StartDemoSystems | undefined {
  if (HUB_DEMO === 'off') return undefined
  return async (): Promise<DemoSystems> => {
    const place = new URL('../demo/systems.ts', import.meta.url).href
    const { startDemoSystems } = (await import(place).catch((cause: unknown) => {
      throw hubError('demo_unavailable', {
        detail: 'the packages of the demo systems are not installed',
        hint: 'install the development packages too: `npm ci` without --omit=dev',
        cause,
      })
    })) as { readonly startDemoSystems: StartDemoSystems }
    return startDemoSystems()
  }
}
