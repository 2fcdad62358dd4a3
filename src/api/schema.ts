/**
 * Shapes of what the API takes in: one description gives the check of outside data, its TypeScript type and its JSON
 * Schema in the OpenAPI document. Unknown keys are refused; every text, number and list is bounded. Held by `schema.test.ts`.
 */
import { badInput } from './errors.ts';

export type JsonSchema = { readonly [key: string]: unknown };
export type Schema<T> = {
  /** @throws ApiFailure (400) that says where, what and what would be right. */
  readonly parse: (value: unknown, where: string) => T;
  readonly json: JsonSchema;
  readonly optional: boolean;
};
export type Infer<S> = S extends Schema<infer T> ? T : never;

const make = <T>(json: JsonSchema, parse: Schema<T>['parse']): Schema<T> => ({
  json,
  parse,
  optional: false,
});

export type TextRule = {
  readonly min?: number;
  /** UTF-16 units. */
  readonly max: number;
  readonly pattern?: RegExp;
  /** What the pattern means, for the error message. */
  readonly about?: string;
};
export function str(rule: TextRule): Schema<string> {
  const min = rule.min ?? 0;
  const json = {
    type: 'string',
    minLength: min,
    maxLength: rule.max,
    ...(rule.pattern === undefined ? {} : { pattern: rule.pattern.source }),
    ...(rule.about === undefined ? {} : { description: rule.about }),
  };
  return make(json, (v, where) => {
    if (typeof v !== 'string') throw badInput(`${where}: text expected`);
    if (v.length < min) throw badInput(`${where}: at least ${min} characters`);
    if (v.length > rule.max) throw badInput(`${where}: at most ${rule.max} characters`);
    if (rule.pattern !== undefined && !rule.pattern.test(v))
      throw badInput(`${where}: ${rule.about ?? 'not in the expected form'}`);
    return v;
  });
}

/** An integer; in a query string its decimal text. */
export function int(min: number, max: number): Schema<number> {
  return make({ type: 'integer', minimum: min, maximum: max }, (v, where) => {
    const n = typeof v === 'string' && /^-?\d{1,16}$/.test(v) ? Number(v) : v;
    if (typeof n !== 'number' || !Number.isSafeInteger(n))
      throw badInput(`${where}: a whole number expected`);
    if (n < min || n > max) throw badInput(`${where}: between ${min} and ${max}`);
    return n;
  });
}

export const bool = (): Schema<boolean> =>
  make({ type: 'boolean' }, (v, where) => {
    if (typeof v !== 'boolean') throw badInput(`${where}: true or false expected`);
    return v;
  });

export function oneOf<const V extends readonly string[]>(values: V): Schema<V[number]> {
  return make({ type: 'string', enum: values }, (v, where) => {
    const found = values.find((x) => x === v);
    if (found === undefined) throw badInput(`${where}: one of ${values.join(', ')}`, { expected: values });
    return found;
  });
}

export function list<T>(item: Schema<T>, max: number): Schema<readonly T[]> {
  return make({ type: 'array', items: item.json, maxItems: max }, (v, where) => {
    if (!Array.isArray(v)) throw badInput(`${where}: a list expected`);
    if (v.length > max) throw badInput(`${where}: at most ${max} entries`);
    return v.map((x, i) => item.parse(x, `${where}[${i}]`));
  });
}

export const opt = <T>(s: Schema<T>): Schema<T | undefined> => ({
  json: s.json,
  optional: true,
  parse: (v, where) => (v === undefined ? undefined : s.parse(v, where)),
});

type Props = { readonly [key: string]: Schema<unknown> };
type Shape<P extends Props> = { readonly [K in keyof P]: Infer<P[K]> };

/** An object with these keys and no others. Absent optional keys read as `undefined`. */
export function obj<P extends Props>(props: P): Schema<Shape<P>> {
  const names = Object.keys(props);
  const json = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(names.map((n) => [n, props[n]?.json])),
    required: names.filter((n) => props[n]?.optional !== true),
  };
  return make(json, (v, where) => {
    if (typeof v !== 'object' || v === null || Array.isArray(v))
      throw badInput(`${where}: an object expected`);
    const given = v as Record<string, unknown>;
    for (const key of Object.keys(given)) {
      if (!names.includes(key)) {
        throw badInput(`${where}: unknown key ${JSON.stringify(key.slice(0, 64))}`, { expected: names });
      }
    }
    const out: Record<string, unknown> = {};
    for (const n of names) {
      const one = Object.hasOwn(given, n) ? given[n] : undefined;
      if (one === undefined && props[n]?.optional !== true) throw badInput(`${where}.${n}: missing`);
      out[n] = props[n]?.parse(one, `${where}.${n}`);
    }
    return out as Shape<P>;
  });
}
