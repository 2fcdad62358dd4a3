/** The console's entry: queries, routes, root. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiFailure } from './data/client.ts';
import { makeRouter } from './routes.tsx';
import './styles.css';

/** Only what may succeed on its own is tried again: not a refusal, not a wrong query. */
const worthRetrying = (failures: number, e: Error): boolean =>
  failures < 2 && e instanceof ApiFailure && (e.status === 0 || e.status === 429 || e.status >= 500);

const client = new QueryClient({
  defaultOptions: { queries: { retry: worthRetrying, staleTime: 5000, refetchOnWindowFocus: false } },
});
const router = makeRouter(client);

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
