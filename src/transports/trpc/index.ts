export { trpcRoutes, type TrpcDeps } from './routes.ts'
export { isProcedure } from './router.ts'
