/**
 * The pages and the state that each keeps in the URL. All keys are plain text; `tenant` stays over every step, and a
 * key that a page does not know is dropped when one goes there.
 */
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  Outlet,
  retainSearchParams,
} from '@tanstack/react-router';
import { whenSignedOut } from './data/client.ts';
import { AlertPage } from './features/alerts/alert-page.tsx';
import { AlertQueue } from './features/alerts/queue.tsx';
import { LoginPage } from './features/login/login-page.tsx';
import { OverviewPage } from './features/overview/overview-page.tsx';
import { RulesPage } from './features/rules/rules-page.tsx';
import { SearchPage } from './features/search/search-page.tsx';
import { SendersPage } from './features/senders/senders-page.tsx';
import { SettingsPage } from './features/settings/settings-page.tsx';
import { pick, parseSearchText, searchText } from './lib/url-state.ts';
import { Shell } from './shell/shell.tsx';
import { Failed } from './ui/states.tsx';

/** Every key that any page keeps. */
const KEYS = [
  'tenant',
  'q',
  'from',
  'to',
  'sel',
  'tab',
  'status',
  'severity',
  'mode',
  'tactic',
  'id',
  'sort',
  'next',
] as const;
export type UrlState = { [K in (typeof KEYS)[number]]?: string | undefined };
const urlState = (raw: Record<string, unknown>): UrlState => pick(raw, KEYS);

function NotFound() {
  return (
    <div className="p-6">
      <h1 className="text-lg font-medium">There is no such page.</h1>
      <Link to="/" className="text-accent hover:underline">
        Go to the overview
      </Link>
    </div>
  );
}

const rootRoute = createRootRoute({
  component: Outlet,
  validateSearch: urlState,
  search: { middlewares: [retainSearchParams(['tenant'])] },
  notFoundComponent: NotFound,
});
const loginRoute = createRoute({ getParentRoute: () => rootRoute, path: '/login', component: LoginPage });
const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: 'shell', component: Shell });
const overviewRoute = createRoute({ getParentRoute: () => shellRoute, path: '/', component: OverviewPage });
const searchRoute = createRoute({ getParentRoute: () => shellRoute, path: '/search', component: SearchPage });
const alertsRoute = createRoute({ getParentRoute: () => shellRoute, path: '/alerts', component: AlertQueue });
const alertRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/alerts/$id',
  component: AlertPage,
});
const sendersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/senders',
  component: SendersPage,
});
const rulesRoute = createRoute({ getParentRoute: () => shellRoute, path: '/rules', component: RulesPage });
const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  component: SettingsPage,
});

const tree = rootRoute.addChildren([
  loginRoute,
  shellRoute.addChildren([
    overviewRoute,
    searchRoute,
    alertsRoute,
    alertRoute,
    sendersRoute,
    rulesRoute,
    settingsRoute,
  ]),
]);

export function makeRouter(client: QueryClient) {
  const router = createRouter({
    routeTree: tree,
    parseSearch: parseSearchText,
    stringifySearch: searchText,
    defaultErrorComponent: ({ error, reset }) => (
      <Failed what="This page failed." error={error} retry={reset} />
    ),
  });
  whenSignedOut(() => {
    const here = router.state.location;
    if (here.pathname === '/login') return;
    client.clear();
    void router.navigate({ to: '/login', search: { next: here.href } });
  });
  return router;
}
