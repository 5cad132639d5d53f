export { html, Html } from './html.ts'
export { sendPage, type Page } from './page.ts'
export { webRoutes } from './routes.ts'
