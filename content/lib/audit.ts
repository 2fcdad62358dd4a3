/**
 * Audit records of cloud and SaaS products: JSON documents that say who did what, from where, to whom. A spec names the
 * paths at which a product keeps these; `auditEvent` maps them to ECS and keeps the whole document under the product's
 * own prefix.
 *
 * Names are also found without regard to case: what comes by way of a data warehouse has often lost its capitals.
 * Held by `audit.test.ts` and by the goldens of the sources that use it.
 */
import type { EventFields } from '../../src/model/event.ts';
import { parseIp } from '../../src/model/ip.ts';
import { applyAction, missingFields, type Outcome } from '../../src/model/vocabulary.ts';
import type { Json, JsonObject } from '../../src/normalize/source.ts';
import { flattenInto, isObject, text } from './json.ts';
import { stampMicros } from './times.ts';

/** Where a value may stand, in order of preference; a step into a list is its index. */
export type Paths = readonly (readonly string[])[];

/** `paths('actor.id', 'user.id')`: names that stand in the code, never a sender's, as each is split once and kept. */
export const paths = (...dotted: readonly string[]): Paths => dotted.map(stepsOf);

const STEPS = new Map<string, readonly string[]>();
function stepsOf(dotted: string): readonly string[] {
  let steps = STEPS.get(dotted);
  if (steps === undefined) {
    steps = dotted.split('.');
    STEPS.set(dotted, steps);
  }
  return steps;
}

/** The value at a path of own keys. */
export function dig(v: Json | undefined, path: readonly string[]): Json | undefined {
  let cur = v;
  for (const key of path) {
    if (Array.isArray(cur)) cur = (cur as readonly Json[])[Number(key)];
    else if (!isObject(cur)) return undefined;
    else cur = Object.hasOwn(cur, key) ? cur[key] : anyCase(cur, key.toLowerCase());
  }
  return cur;
}

function anyCase(doc: JsonObject, lower: string): Json | undefined {
  for (const key of Object.keys(doc))
    if (key.length === lower.length && key.toLowerCase() === lower) return doc[key];
  return undefined;
}

/** Text of the first path that has one. */
export function first(doc: Json | undefined, where: Paths): string | undefined {
  for (const path of where) {
    const found = text(dig(doc, path));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An address as products write it: bare, with a port, in brackets. */
export function address(written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  const bare =
    /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(written)?.[1] ?? /^([\d.]+):\d+$/.exec(written)?.[1] ?? written;
  return parseIp(bare);
}

/** What follows the `@` of a mail address, lower case. */
export const mailDomain = (name: string | undefined): string | undefined =>
  /^[^@\s]+@([^@\s]+)$/.exec(name ?? '')?.[1]?.toLowerCase();

export const failed = (word: string | undefined): boolean =>
  word !== undefined && /^(?:fail|den|error|false$|unsuccess|reject|fraud|block|no$)/i.test(word);

export type AuditSpec = {
  /** Prefix of the whole document (`okta`). */
  readonly prefix: string;
  /** `event.provider`. */
  readonly provider: string;
  readonly time?: Paths;
  readonly user?: Paths;
  readonly userId?: Paths;
  readonly target?: Paths;
  readonly ip?: Paths;
  readonly agent?: Paths;
  readonly reason?: Paths;
  readonly outcome?: Paths;
  /** Where the outcome has no field of its own. */
  readonly isFailure?: (doc: JsonObject, code: string) => boolean;
  /** The product's own name of what happened -> `event.action`. */
  readonly actions: ReadonlyMap<string, string>;
};

/**
 * Maps the document. `code` is what the product calls the event; what has no word in the vocabulary, or lacks what its
 * word requires, is an `api_request`.
 */
export function auditEvent(doc: JsonObject, out: EventFields, spec: AuditSpec, code: string): void {
  const at = (where: Paths | undefined): string | undefined =>
    where === undefined ? undefined : first(doc, where);
  if (spec.time !== undefined) setTime(out, doc, spec.time);
  out.set('event.kind', 'event');
  out.set('event.provider', spec.provider);
  out.set('event.code', code);
  out.set('event.reason', at(spec.reason));
  const user = at(spec.user);
  out.set('user.name', user);
  out.set('user.domain', mailDomain(user));
  out.set('user.id', at(spec.userId));
  const target = out.text('user.target.name') ?? at(spec.target);
  out.set('user.target.name', target);
  out.set('user.target.domain', mailDomain(target));
  out.set('source.ip', address(at(spec.ip)));
  out.set('user_agent.original', at(spec.agent));
  const failure = failed(at(spec.outcome)) || spec.isFailure?.(doc, code) === true;
  act(out, spec.actions.get(code), failure ? 'failure' : 'success');
  flattenInto(out, spec.prefix, doc);
}

/** Sets the action; `api_request` where there is none, or where the event lacks what the action requires. */
export function act(out: EventFields, action: string | undefined, outcome: Outcome): void {
  applyAction(out, action ?? 'api_request', outcome);
  if (missingFields(out).length > 0) applyAction(out, 'api_request', outcome);
}

/** The event's time: the first of the places that holds one. */
export function setTime(out: EventFields, doc: Json | undefined, where: Paths): void {
  for (const path of where) {
    const us = stampMicros(dig(doc, path));
    if (us === undefined) continue;
    out.setOurs('@timestamp', us);
    return;
  }
}

/** A table of actions: `action: code code`, one action a line. */
export function actionTable(lines: string): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const line of lines.split('\n')) {
    const [action = '', codes = ''] = line.split(':').map((s) => s.trim());
    for (const code of codes.split(' ')) if (code !== '') out.set(code, action);
  }
  return out;
}

/** `[{name, value}]` in any spelling -> names and values; other shapes give nothing. */
export function namedValues(v: Json | undefined): readonly (readonly [string, Json])[] {
  if (!Array.isArray(v)) return [];
  const out: (readonly [string, Json])[] = [];
  for (const item of v as readonly Json[]) {
    const name = text(dig(item, ['name']));
    if (name === undefined || !isObject(item)) continue;
    for (const key in item) {
      if (/^(?:multi|bool|int|message|string|multiInt|multiMessage)?value$/i.test(key)) {
        out.push([name, item[key] as Json]);
        break;
      }
    }
  }
  return out;
}

/** `[{<key>, <value>}]` -> pairs of texts. */
export function namedPairs(
  v: Json | undefined,
  key: string,
  value: string,
): readonly (readonly [string, string])[] {
  if (!Array.isArray(v)) return [];
  return (v as readonly Json[]).flatMap((item) => {
    const [name, is] = [text(dig(item, [key])), text(dig(item, [value]))];
    return name === undefined || is === undefined ? [] : [[name, is] as const];
  });
}
