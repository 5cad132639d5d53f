import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate, type AnyRoute } from '@tanstack/react-router'
import { workspace, workspacePath } from '#api'
import { PageFailed, NotFound } from './failures.tsx'
import { Go } from './go.tsx'
import { parseSearch, searchText, type Search } from './search.ts'
import { Shell } from './shell.tsx'
import { Skeleton } from '#ui'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

/** Pages take their parameters without types of the router, because an optional part of a path has none. */
const getParentRoute = (): AnyRoute => root as never

type Load = () => Promise<Record<string, () => React.ReactNode>>

function page(path: string, load: Load, name: string) {
  return createRoute({
    getParentRoute,
    path,
    validateSearch: (search): Search => search as Search,
    component: lazyRouteComponent(load as never, name) as never,
  })
}

const routes: readonly unknown[] = [
  createRoute({ getParentRoute, path: '/', component: () => <Navigate to="/home" replace /> }),
  createRoute({ getParentRoute, path: '/go/$id', component: Go }),
  page('/home', () => import('../pages/home/home-page.tsx'), 'HomePage'),
  page('/admin/{-$id}', () => import('../pages/admin/admin-page.tsx'), 'AdminPage'),
  page('/runs/{-$id}', () => import('../pages/runs/runs-page.tsx'), 'RunsPage'),
  page('/events/{-$id}', () => import('../pages/events/events-page.tsx'), 'EventsPage'),
  page('/tools/{-$id}', () => import('../pages/tools/tools-page.tsx'), 'ToolsPage'),
  page('/calls/{-$id}', () => import('../pages/calls/calls-page.tsx'), 'CallsPage'),
  page('/flows/{-$id}', () => import('../pages/flows/flows-page.tsx'), 'FlowsPage'),
  page('/approvals/{-$id}', () => import('../pages/approvals/approvals-page.tsx'), 'ApprovalsPage'),
  page('/integrations/{-$id}', () => import('../pages/integrations/integrations-page.tsx'), 'IntegrationsPage'),
  page('/endpoints/{-$id}', () => import('../pages/endpoints/endpoints-page.tsx'), 'EndpointsPage'),
  page('/endpoints/deliveries/{-$id}', () => import('../pages/endpoints/deliveries-page.tsx'), 'DeliveriesPage'),
]

export const router = createRouter({
  routeTree: root.addChildren(routes as never) as unknown as AnyRoute,
  basepath: workspacePath(workspace ?? '', ''),
  parseSearch,
  stringifySearch: searchText,
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailed,
  defaultPendingComponent: () => <Skeleton rows={12} />,
  defaultPendingMs: 150,
  scrollRestoration: false,
})
