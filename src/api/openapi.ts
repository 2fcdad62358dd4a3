/** The OpenAPI 3.1 document, made from the route table. Answers are named after the types of contract.ts. */
import { ERRORS } from './errors.ts';
import type { JsonSchema } from './schema.ts';
import type { Route } from './route.ts';

const PERMISSION_TEXT = {
  public: 'Needs no credential.',
  own: 'Needs a session.',
  read: 'Needs a session, or a token of scope read or admin.',
  analyst: 'Needs the role analyst or admin, or a token of scope admin.',
  admin: 'Needs the role admin, or a token of scope admin.',
  ingest: 'Needs a token of scope ingest.',
} as const;
export const permissionText = (r: Route): string => PERMISSION_TEXT[r.permission];

const API_ERROR: JsonSchema = {
  type: 'object',
  required: ['error', 'message'],
  properties: {
    error: { type: 'string', enum: Object.keys(ERRORS) },
    message: { type: 'string', description: 'What, where and what to do, for people.' },
    position: {
      type: 'object',
      properties: { start: { type: 'integer' }, end: { type: 'integer' } },
      description: 'Where in the query.',
    },
    expected: { type: 'array', items: { type: 'string' } },
    suggestion: { type: 'string' },
  },
};

function parameters(r: Route): readonly unknown[] {
  const from = (where: 'path' | 'query', json: JsonSchema | undefined): readonly unknown[] => {
    const props = (json?.['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
    const required = (json?.['required'] ?? []) as readonly string[];
    return Object.entries(props).map(([name, schema]) => ({
      name,
      in: where,
      required: where === 'path' || required.includes(name),
      schema,
    }));
  };
  return [...from('path', r.json.params), ...from('query', r.json.query)];
}

function security(r: Route): readonly unknown[] {
  if (r.permission === 'public') return [];
  if (r.permission === 'own') return [{ session: [] }];
  return r.permission === 'ingest' ? [{ token: [] }] : [{ session: [] }, { token: [] }];
}

function operation(r: Route): unknown {
  const error = {
    description: 'ApiError',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/ApiError' } } },
  };
  const ok =
    r.answer === '204'
      ? { 204: { description: 'Done.' } }
      : { 200: { description: r.answer, content: { 'application/json': { schema: { title: r.answer } } } } };
  const raw = { '*/*': { schema: {} } };
  return {
    summary: r.summary,
    description: permissionText(r),
    security: security(r),
    parameters: parameters(r),
    ...(r.json.body === undefined && r.rawBody !== true
      ? {}
      : {
          requestBody: {
            required: true,
            content: r.rawBody === true ? raw : { 'application/json': { schema: r.json.body } },
          },
        }),
    responses: { ...ok, default: error },
  };
}

export function openApi(routes: readonly Route[], version: string): JsonSchema {
  const paths = new Map<string, Map<string, unknown>>();
  for (const r of routes) {
    const path = r.path.replace(/:(\w+)/g, '{$1}');
    const at = paths.get(path) ?? new Map<string, unknown>();
    paths.set(path, at);
    at.set(r.method.toLowerCase(), operation(r));
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vigil',
      version,
      description: 'Times are integer microseconds, UTC. Errors are ApiError with the HTTP status.',
    },
    paths: Object.fromEntries([...paths].map(([path, ops]) => [path, Object.fromEntries(ops)])),
    components: {
      schemas: { ApiError: API_ERROR },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'vigil' },
        token: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}
