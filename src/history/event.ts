/**
 * A stored row as the event that rules saw when it arrived: fields with their types, raw text, entities, ids, times.
 *
 * Contract: every test of a condition gives the same answer on it as on the live event. Values keep what conditions see
 * of them (text, numbers by their source text, absent / empty / null, members of lists); only the type of a number or
 * boolean without a column of its own is text, which no condition can tell. Held by `event.int.test.ts`.
 */
import type { NormalizedEvent } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';
import type { StoredEvent } from '../store/rows.ts';

/** Parser name of what nothing could parse: stored raw, counted as failed, and judged by no rule. */
const UNREAD_PARSER = 'none@1';

/** False for what was stored raw because parsing it failed: no rule was asked about it live. */
export const wasJudged = (s: StoredEvent): boolean =>
  !(s.status === 'quarantined' && s.parser === UNREAD_PARSER);

export const eventOf = (s: StoredEvent): NormalizedEvent => ({
  fields: s.fields,
  rawText: Buffer.prototype.utf8Slice.call(s.raw, 0, s.raw.length),
  raw: s.raw,
  ts: s.ts,
  status: s.status,
  source: s.source,
  parser: s.parser,
  entities: s.entities,
});

/** What the state owner gets of an event that met these rules. */
export const matchedOf = (s: StoredEvent, rules: readonly string[]): MatchedEvent => ({
  id: s.id,
  tenant: s.tenant,
  origin: s.origin,
  door: s.door,
  sender: s.sender,
  source: s.source,
  ts: s.ts,
  ingested: s.ingested,
  rules,
  fields: [...s.fields.entries()],
  entities: s.entities,
});
