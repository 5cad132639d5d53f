import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '#config'
import { ensureDataDir } from '#db'

/** Keeps the first administrator's token in the data folder. */
export function keepAdminToken(config: Config, token: string): Promise<void> {
  return keep(config, 'admin-token', token)
}

/** Keeps the link with which the first person becomes an administrator. */
export function keepSetupLink(config: Config, link: string): Promise<void> {
  return keep(config, 'setup-link', link)
}

async function keep(config: Config, name: string, text: string): Promise<void> {
  await ensureDataDir(config.HUB_DATA_DIR)
  const path = join(config.HUB_DATA_DIR, name)
  // Written under another name first, so that the file is complete at every moment.
  rmSync(`${path}.new`, { force: true })
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}
