import type { FastifyReply } from 'fastify'

/** Sets a cookie that scripts cannot read, and that other sites send only when they lead a person here. */
export function setCookie(
  reply: FastifyReply,
  { name, value, path, seconds, secure }: { name: string; value: string; path: string; seconds: number; secure: boolean },
): void {
  reply.header('set-cookie', `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`)
}
