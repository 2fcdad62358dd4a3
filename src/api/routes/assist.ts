/** What the search bar needs while somebody types: what the text is made of, and what may come next. Runs nothing. */
import { type Route, route } from '../route.ts';
import { int, obj, str } from '../schema.ts';

/** UTF-16 units of a query. */
const QUERY_CHARS_MAX = 16 * 1024;

export const assistRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/search/assist',
    permission: 'read',
    // Nothing is looked up in events, and every key pressed would be a line.
    audit: 'none',
    question: true,
    summary: 'The parts of a query for highlighting, and what may come next at the cursor. Reads no events.',
    answer: 'SearchAssist',
    body: obj({ query: str({ max: QUERY_CHARS_MAX }), cursor: int(0, QUERY_CHARS_MAX) }),
    run: async (ctx, { body }) => ctx.deps.assist(body.query, body.cursor),
  }),
];
