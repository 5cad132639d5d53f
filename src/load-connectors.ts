import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import * as kit from '#kit'

/**
 * Loads connectors from outside: a folder with an index.ts or index.js, or an npm package. The default export is a function that receives the
 * kit and returns a connector, so that the folder needs no packages of its own.
 */
export type ConnectorModule = (kit: ConnectorKit) => kit.Connector

export type ConnectorKit = Pick<
  typeof kit,
  | 'defineConnector'
  | 'auth'
  | 'secret'
  | 'path'
  | 'hubError'
  | 'CursorLost'
  | 'nextLink'
  | 'parts'
  | 'pagesByCursor'
  | 'pagesByLink'
  | 'pagesByNumber'
  | 'pagesByOffset'
> & { readonly z: typeof z }

export async function loadConnectors(places: readonly string[]): Promise<kit.Connector[]> {
  const loaded: kit.Connector[] = []
  for (const place of places) loaded.push(await load(place))
  return loaded
}

async function load(place: string): Promise<kit.Connector> {
  let made: unknown
  try {
    const { default: make } = (await import(entryOf(place))) as { default?: ConnectorModule }
    if (typeof make !== 'function') throw new Error('it has no default export that is a function')
    made = make({ ...kit, z })
  } catch (cause) {
    throw kit.hubError('internal', {
      detail: `the connector ${place} of HUB_CONNECTORS could not be loaded: ${(cause as Error).message}`,
      cause,
    })
  }
  const { name, actions } = (made ?? {}) as Partial<kit.Connector>
  if (typeof name !== 'string' || actions === undefined) {
    throw kit.hubError('internal', {
      detail: `the connector ${place} of HUB_CONNECTORS does not return a connector`,
      hint: 'docs/write-a-connector.md has an example',
    })
  }
  return made as kit.Connector
}

function entryOf(place: string): string {
  const folder = resolve(place)
  if (existsSync(folder) && statSync(folder).isDirectory()) {
    const entry = ['index.ts', 'index.js', 'index.mjs'].map((file) => join(folder, file)).find((file) => existsSync(file))
    if (!entry) throw new Error('the folder has no index.ts or index.js')
    return pathToFileURL(entry).href
  }
  return pathToFileURL(createRequire(join(resolve('.'), 'package.json')).resolve(place)).href
}
