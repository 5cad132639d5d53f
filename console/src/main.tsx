import { createRoot } from 'react-dom/client'
import { client, problemOf, queryClient, signInPath, startHints, trpc, workspace, workspacePath } from '#api'
import { App } from '#app'
import './ui/base.css'

const place = document.querySelector('#root')!
const lastPlace = 'hub.workspace'

/** `/` and `/go/ID` lead into the workspace that was open last. */
async function enter(): Promise<void> {
  const { workspaces } = await client.users.me.query({})
  const last = localStorage.getItem(lastPlace)
  const found = workspaces.find(({ name }) => name === last) ?? workspaces[0]
  const path = location.pathname.startsWith('/go/') ? location.pathname : undefined
  location.replace(found ? workspacePath(found.name, path) + location.search : '/account')
}

async function start(): Promise<void> {
  if (workspace === undefined) return await enter()
  localStorage.setItem(lastPlace, workspace)
  // Whose session has ended signs in first. The frame needs the answer anyway.
  await queryClient.fetchQuery(trpc.users.me.queryOptions({}))
  startHints()
  createRoot(place).render(<App />)
}

await start().catch((error: unknown) => {
  const { code, detail } = problemOf(error)
  if (code === 'token_missing' || code === 'token_invalid' || code === 'session_ended') return location.replace(signInPath())
  place.textContent = detail
  return undefined
})
