/** The schema as a flat list of settings, for environment variables and the reference in docs. */
import { z } from 'zod';
import { ConfigSchema } from './schema.ts';

export type Setting = {
  readonly path: readonly string[];
  readonly type: string;
  /** As JSON; '' where it has none. */
  readonly fallback: string;
  readonly about: string;
};

type Json = {
  type?: string;
  properties?: Record<string, Json>;
  items?: Json;
  default?: unknown;
  description?: string;
  enum?: unknown[];
  anyOf?: Json[];
  additionalProperties?: unknown;
};

let cache: readonly Setting[] | undefined;

export function settings(): readonly Setting[] {
  cache ??= walk(z.toJSONSchema(ConfigSchema, { io: 'input' }) as Json, []);
  return cache;
}

function walk(s: Json, path: readonly string[]): Setting[] {
  if (s.type === 'object' && s.properties !== undefined && path.length < 4 && s.anyOf === undefined) {
    return Object.entries(s.properties).flatMap(([k, v]) => walk(v, [...path, k]));
  }
  return [
    {
      path,
      type: typeText(s),
      fallback: s.default === undefined ? '' : JSON.stringify(s.default),
      about: s.description ?? '',
    },
  ];
}

function typeText(s: Json): string {
  if (s.anyOf !== undefined) return '{env: NAME} or {file: PATH}';
  if (s.type === 'integer' || s.type === 'number') return 'number';
  if (s.type === 'boolean') return 'boolean';
  if (s.type === 'array') {
    if (s.items?.type === 'string') return 'list of text';
    return `list of {${Object.keys(s.items?.properties ?? {}).join(', ')}}`;
  }
  return s.type === 'object' ? 'settings by name' : 'text';
}
