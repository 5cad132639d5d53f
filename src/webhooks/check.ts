import { findTemplates, unclosedAt, type Expressions } from '#expressions'
import { validateScheme, type Connector } from '#kit'

interface Fault {
  readonly path: string
  readonly message: string
}

/** Finds errors in a hook's settings that its schema cannot find, so that they are reported when it is saved and not at the first delivery. */
export function createHookCheck(expressions: Pick<Expressions, 'check'>) {
  const faultsOf = (path: string, text: string): Fault[] =>
    expressions.check(text).map(({ message, offset }) => ({ path, message: `${message}, at character ${offset}` }))

  return ({ webhook }: Connector, config: Readonly<Record<string, unknown>>): Fault[] => {
    if (!webhook) return []
    const schemes = typeof webhook.schemes === 'function' ? webhook.schemes(config) : []
    const transform = webhook.transform?.(config)
    return [
      ...schemes.flatMap((scheme) => validateScheme(scheme) ?? []).map((message) => ({ path: 'config.verification', message })),
      ...(transform === undefined ? [] : faultsOf('config.transform', transform)),
      ...findTemplates(webhook.reply?.(config)?.body).flatMap(({ path, text, expression }) => {
        const place = ['config.reply.body', ...path].join('.')
        return unclosedAt(text) === undefined ? faultsOf(place, expression) : [{ path: place, message: 'a ${{ has no closing }}' }]
      }),
    ]
  }
}
