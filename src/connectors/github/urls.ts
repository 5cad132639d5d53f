/** Where the API is, without a slash at its end. */
export function apiOf({ api_url: api = 'https://api.github.com' }: Readonly<Record<string, unknown>>): string {
  return String(api).replace(/\/+$/, '')
}

/** Where people see GitHub: on the same host, except for github.com itself. */
export function webOf(config: Readonly<Record<string, unknown>>): string {
  const { origin } = new URL(apiOf(config))
  return origin === 'https://api.github.com' ? 'https://github.com' : origin
}
