import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '#config'
import { ensureDataDir } from '#db'

/** Keeps the first administrator's token in the data folder. */
export async function keepAdminToken(config: Config, token: string): Promise<void> {
  await ensureDataDir(config.HUB_DATA_DIR)
  const path = join(config.HUB_DATA_DIR, 'admin-token')
  // Written under another name first, so that the file is complete at every moment.
  rmSync(`${path}.new`, { force: true })
  writeFileSync(`${path}.new`, `${token}\n`, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}
