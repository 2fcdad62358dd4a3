/**
 * Reads `vigil.yaml`, then the environment (`VIGIL_CONSOLE_PORT` sets `console.port`), then checks all of it against the
 * schema. Every error is one line: which setting, what is wrong, what would be right. Held by `config.test.ts`.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { nearest } from '../base/nearest.ts';
import { err, errorText, ok, type Result } from '../base/result.ts';
import { type Config, ConfigSchema, type SecretRef } from './schema.ts';
import { type Setting, settings } from './settings.ts';

export const CONFIG_NAME = 'vigil.yaml';
const CONFIG_BYTES_MAX = 1024 * 1024;
const ENV_PREFIX = 'VIGIL_';
/** Variables of tests and tools, not settings. */
const ENV_OTHERS = /^VIGIL_(CORPORA|TEST_|BENCH_|LAUNCH)/;

export type ConfigInput = {
  /** Path given by `--config`; undefined: `vigil.yaml` in the working folder, if there. */
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From command-line options: dotted setting -> value. */
  readonly set?: ReadonlyMap<string, unknown>;
};

export function loadConfig(input: ConfigInput): Result<Config> {
  const file = readYaml(input.path);
  if (!file.ok) return file;
  const doc = file.value;
  const env = applyEnv(doc, input.env);
  if (!env.ok) return env;
  for (const [name, value] of input.set ?? []) put(doc, name.split('.'), value);
  const parsed = ConfigSchema.safeParse(doc);
  if (parsed.success) return ok(parsed.data);
  return err(explain(parsed.error, input.path ?? CONFIG_NAME));
}

type Doc = Record<string, unknown>;

function readYaml(path: string | undefined): Result<Doc> {
  const shown = path ?? CONFIG_NAME;
  if (path === undefined && !existsSync(CONFIG_NAME)) return ok({});
  try {
    if (statSync(shown).size > CONFIG_BYTES_MAX)
      return err(`${shown} is larger than 1 MiB: that is no configuration`);
    const doc = parseDocument(readFileSync(shown, 'utf8'), { prettyErrors: true });
    const bad = doc.errors[0];
    if (bad !== undefined) return err(`${shown} is not valid YAML: ${bad.message.split('\n')[0] ?? ''}`);
    const value: unknown = doc.toJS({ maxAliasCount: 20 });
    if (value === null || value === undefined) return ok({});
    if (typeof value !== 'object' || Array.isArray(value))
      return err(`${shown} must hold settings by name, such as \`console: {port: 8440}\``);
    return ok(value as Doc);
  } catch (e) {
    return err(`${shown} cannot be read: ${errorText(e)}`);
  }
}

/** Sets what the environment names; the variable of `console.port` is `VIGIL_CONSOLE_PORT`. */
function applyEnv(doc: Doc, env: ConfigInput['env']): Result<undefined> {
  const byVariable = new Map(settings().map((s) => [variableOf(s), s]));
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || ENV_OTHERS.test(name) || value === undefined) continue;
    const s = byVariable.get(name);
    if (s === undefined) {
      const near = nearest(name, byVariable.keys());
      return err(
        `the environment variable ${name} names no setting${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
    }
    put(doc, s.path, fromText(s, value));
  }
  return ok(undefined);
}

export const variableOf = (s: Setting): string =>
  ENV_PREFIX + s.path.map((p) => p.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()).join('_');

function fromText(s: Setting, text: string): unknown {
  if (s.type === 'number' && /^-?\d+$/.test(text)) return Number(text);
  if (s.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (s.type === 'list of text') return text === '' ? [] : text.split(',').map((t) => t.trim());
  return text;
}

function put(doc: Doc, path: readonly string[], value: unknown): void {
  let at = doc;
  for (const p of path.slice(0, -1)) {
    const next = at[p];
    if (typeof next !== 'object' || next === null) at[p] = {};
    at = at[p] as Doc;
  }
  at[path.at(-1) as string] = value;
}

function explain(error: z.ZodError, file: string): string {
  const issue = error.issues[0];
  if (issue === undefined) return `${file} is not right`;
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const full = where === '' ? key : `${where}.${key}`;
    const names = knownNames();
    const near =
      nearest(full, names) ??
      nearest(
        key,
        [...names].map((n) => n.split('.').at(-1) ?? n),
      );
    return `${file}: there is no setting '${full}'${near === undefined ? '; docs/CONFIG.md lists all' : `; did you mean '${near}'?`}`;
  }
  const about = settings().find((s) => s.path.join('.') === where)?.about;
  if (issue.code === 'invalid_union' && /password|secret/.test(where)) {
    return `${file}: '${where}' must name where the secret is: {env: VARIABLE} or {file: PATH}, never the secret itself`;
  }
  return `${file}: '${where}' is wrong: ${issue.message}${about === undefined ? '' : ` (${about})`}`;
}

function knownNames(): Set<string> {
  const out = new Set<string>();
  for (const s of settings()) for (let i = 1; i <= s.path.length; i++) out.add(s.path.slice(0, i).join('.'));
  return out;
}

/** The secret that a reference names. */
export function readSecret(ref: SecretRef, env: ConfigInput['env']): Result<string> {
  if ('env' in ref) {
    const v = env[ref.env];
    return v === undefined || v === '' ? err(`the environment variable ${ref.env} is not set`) : ok(v);
  }
  try {
    return ok(readFileSync(resolve(ref.file), 'utf8').trim());
  } catch (e) {
    return err(`the secret file ${ref.file} cannot be read: ${errorText(e)}`);
  }
}
