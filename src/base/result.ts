/** Expected failures are values; bugs throw. */
export type Result<T, E = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });

/** A broken promise of our own code: fail loudly. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`bug: ${what}`);
}
/** For the default branch of an exhaustive switch. */
export function never(x: never): never {
  throw new Error(`bug: unexpected ${JSON.stringify(x)}`);
}
export const errorText = (e: unknown): string => (e instanceof Error ? e.message : String(e));
