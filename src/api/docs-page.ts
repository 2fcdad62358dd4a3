/** The API as a page for people, made from the route table. No script, no inline style: it obeys the same policy as the console. */
import { permissionText } from './openapi.ts';
import type { Route } from './route.ts';

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);
const html = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES.get(c) ?? c);

export const docsCss = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1rem; margin: 2rem 0 .25rem; font-family: ui-monospace, monospace; }
p { margin: .25rem 0; } .who { opacity: .75; }
pre { padding: .75rem; overflow-x: auto; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .375rem; font-size: .8125rem; }
b { display: inline-block; min-width: 4.5rem; }
`;

function section(r: Route): string {
  const part = (title: string, json: unknown): string =>
    json === undefined ? '' : `<p>${title}</p><pre>${html(JSON.stringify(json, null, 2))}</pre>`;
  const audit = r.audit === 'none' ? '' : ` Audited as <code>${html(r.audit)}</code>.`;
  return `<h2><b>${r.method}</b> ${html(r.path)}</h2>
<p>${html(r.summary)}</p><p class="who">${html(permissionText(r))}${audit}</p>
${part('Query', r.json.query)}${part('Body', r.json.body)}<p>Answer: <code>${html(r.answer)}</code></p>`;
}

export function docsHtml(routes: readonly Route[], version: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vigil API</title><link rel="stylesheet" href="/api/docs.css"></head><body>
<h1>Vigil API ${html(version)}</h1>
<p>Times are integer microseconds, UTC. Errors have the HTTP status and a body of <code>error</code>, <code>message</code> and, for
queries, <code>position</code>, <code>expected</code>, <code>suggestion</code>. Programs send
<code>Authorization: Bearer vgl_...</code>. The same as <a href="/api/v1/openapi.json">OpenAPI 3.1</a>.</p>
${routes.map(section).join('\n')}
</body></html>`;
}
