export { webRoutes, type WebRoutesDeps } from './routes.ts'
