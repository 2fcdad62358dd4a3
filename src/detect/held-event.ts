/**
 * How much of an event a window keeps: all of it, what a sentence needs, or only its id and time (the store has the
 * rest). Held by `singles.test.ts` and `src/alert/detection.prop.test.ts`.
 */
import type { MatchedEvent } from '../model/match.ts';

const LEAN: ReadonlySet<string> = new Set([
  'message',
  'event.action',
  'event.outcome',
  'host.name',
  'user.name',
  'source.ip',
  'destination.ip',
]);

export function leanEvent(e: MatchedEvent): MatchedEvent {
  return { ...e, fields: e.fields.filter(([name]) => LEAN.has(name)), entities: e.entities.slice(0, 8) };
}

export const bareEvent = (e: MatchedEvent): MatchedEvent => ({ ...e, fields: [], entities: [] });
