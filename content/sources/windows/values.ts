/** Windows values: `-` and empty mean absent, addresses carry prefixes, numbers are hex or decimal, names have domains. */
import type { EventFields } from '../../../src/model/event.ts';

const absent = (v: string | undefined): v is undefined =>
  v === undefined || v === '' || v === '-' || v === 'NULL SID' || v === 'S-1-0-0';

/** Sets a field unless the value says "nothing". */
export function put(out: EventFields, name: string, v: string | number | undefined): void {
  if (typeof v === 'number') return out.set(name, v);
  if (!absent(v)) out.set(name, v);
}

/** Sets `<prefix>.name`, `.domain`, `.id`. */
export function account(
  out: EventFields,
  prefix: string,
  name: string | undefined,
  domain: string | undefined,
  sid: string | undefined,
): void {
  put(out, `${prefix}.name`, name);
  put(out, `${prefix}.domain`, domain);
  put(out, `${prefix}.id`, sid);
}

/** Sets an account from `DOMAIN\name`. */
export function qualified(out: EventFields, prefix: string, v: string | undefined): void {
  if (absent(v)) return;
  const slash = v.indexOf('\\');
  account(
    out,
    prefix,
    slash < 0 ? v : v.slice(slash + 1),
    slash < 0 ? undefined : v.slice(0, slash),
    undefined,
  );
}

export const ip = (v: string | undefined): string | undefined =>
  absent(v) || v === 'LOCAL' ? undefined : v.replace(/^::ffff:/i, '');

export function hexOrDecimal(v: string | undefined): number | undefined {
  if (absent(v) || !/^(?:0x[0-9a-fA-F]{1,12}|\d{1,15})$/.test(v)) return undefined;
  return Number(v);
}

/** The last part of a path with either kind of slash. */
export function baseName(path: string | undefined): string | undefined {
  if (absent(path)) return undefined;
  const cut = Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/'));
  return path.slice(cut + 1);
}
