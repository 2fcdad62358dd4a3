/**
 * Membership in an `issuer` list as SQL: the steps of `src/condition/issuer.ts`, one by one, so that the verdict is the
 * same. Held by `exact.int.test.ts`.
 */
import { COLLAPSE, DN_PIECES, DN_STEPS, issuerMembers, KEY_STEPS, type Step } from '../condition/issuer.ts';
import type { TextTest } from './sql-field.ts';
import type { SqlParams } from './sql-params.ts';

export function issuerTest(values: readonly string[], p: SqlParams): TextTest {
  const members = issuerMembers(values);
  const [names, distinguished, keys] = [members.names, members.distinguished, members.keys].map((m) =>
    p.bind('Array(String)', m),
  );
  const steps = (x: string, all: readonly Step[]): string =>
    all.reduce(
      (sql, [what, by]) => `replaceRegexpAll(${sql}, ${p.bind('String', what)}, ${p.bind('String', by)})`,
      x,
    );
  const sql = (x: string): string => {
    const pieces = `if(startsWith(f, '/'), splitByChar('/', f), extractAll(f, ${p.bind('String', DN_PIECES)}))`;
    const parts = `if(position(f, '=') > 0, arraySort(arrayFilter(a -> a != '', arrayMap(a -> ${steps('a', DN_STEPS)}, ${pieces}))), [])`;
    const asName = `has(${names}, ${steps('f', COLLAPSE)})`;
    const asKey = `has(${keys}, ${steps('f', KEY_STEPS)})`;
    const asDn = `arrayExists(d -> has(${distinguished}, arrayStringConcat(d, '\\n')) OR arrayExists(a -> startsWith(a, 'cn=') AND has(${names}, substring(a, 4)), d), [${parts}])`;
    // An array of one gives the folded text a name, so that it is written once.
    return `arrayExists(f -> ${asName} OR ${asKey} OR ${asDn}, [replaceAll(lowerUTF8(toString(${x})), 'ς', 'σ')])`;
  };
  return { sql, empty: false };
}
