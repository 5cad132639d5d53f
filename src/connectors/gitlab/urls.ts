/** Where people see GitLab. */
export const webOf = (config: Readonly<Record<string, unknown>>): string =>
  String(config['base_url'] ?? 'https://gitlab.com').replace(/\/+$/, '')

export const apiOf = (config: Readonly<Record<string, unknown>>): string => `${webOf(config)}/api/v4`
