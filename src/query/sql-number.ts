/** `numberOf` of `src/condition/text.ts` as SQL. Held by `exact.int.test.ts` and `expressions.int.test.ts`. */
import { NUMBER_CHARS_MAX, NUMBER_GROUP } from '../condition/text.ts';

/** Text to a number, NULL where it is none. The text is written once, so that SQL grows no faster than what is asked. */
export function numberSql(text: string): string {
  const digits = `arrayMap(n -> if(length(n) <= ${NUMBER_CHARS_MAX}, extract(n, '${NUMBER_GROUP}'), ''), [toString(${text})])[1]`;
  return `nullIf(nullIf(toFloat64OrNull(${digits}), inf), -inf)`;
}
