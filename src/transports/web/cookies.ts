import type { FastifyReply, FastifyRequest } from 'fastify'

/** The value of a cookie; undefined if there is none of this name. */
export function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  for (const part of headers.cookie?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

/** Sets a cookie that scripts cannot read, and that other sites send only when they lead a person here. */
export function setCookie(
  reply: FastifyReply,
  { name, value, path, seconds, secure }: { name: string; value: string; path: string; seconds: number; secure: boolean },
): void {
  reply.header('set-cookie', `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`)
}
