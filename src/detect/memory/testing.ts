/** What the tests of rules with memory share: the three rules as everybody knows them, events, a detection. No I/O. */
import { Detection } from '../../alert/detection.ts';
import type { Lists } from '../../condition/tree.ts';
import type { Alert, AlertChange } from '../../model/alert.ts';
import { EventFields, type FieldValue, type NormalizedEvent, type Origin } from '../../model/event.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { ACTIONS, applyAction } from '../../model/vocabulary.ts';
import { compileRules } from '../matcher.ts';
import type { RuleSet } from '../rule.ts';

export const THREE = `# Rule: Unauthorized certificate issuance
- name: "Certificate issued for monitored domain by unexpected CA"
  condition: |
    event.type == "certificate_issued" AND
    event.domain IN monitored_domains AND
    event.issuer NOT IN approved_cas
  severity: CRITICAL
  response: "Investigate potential rogue CA or domain hijack"

# Rule: Certificate expiry approaching without renewal
- name: "Certificate expires in 7 days with no renewal attempt"
  condition: |
    certificate.days_to_expiry < 7 AND
    NOT exists(renewal_event for certificate in last 30 days)
  severity: HIGH
  response: "Page certificate owner — imminent outage risk"

# Rule: Mass certificate requests (potential compromise)
- name: "Unusual certificate request volume"
  condition: |
    count(certificate_requests from source in 1 hour) > 10 * baseline
  severity: MEDIUM
  response: "Investigate — possible compromised ACME credentials or automation bug"
`;

export const LISTS: Lists = new Map([
  ['monitored_domains', { kind: 'domain' as const, values: ['example.com'] }],
  ['approved_cas', { kind: 'text' as const, values: ['Example Issuing CA 1'] }],
]);

export const S = 1e6;
export const HOUR = 3600e6;
export const DAY = 86_400e6;
/** 2026-03-05 14:00 UTC, microseconds. */
export const T0 = Date.UTC(2026, 2, 5, 14) * 1000;

export type Given = {
  readonly at: number;
  /** Receipt; `at` where absent. */
  readonly ingested?: number;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly origin?: Origin;
  readonly tenant?: string;
  readonly door?: string;
  readonly sender?: string;
};

export function normalized(g: Given): NormalizedEvent {
  const f = new EventFields();
  const action = g.fields['event.action'];
  if (typeof action === 'string' && ACTIONS.has(action)) applyAction(f, action);
  for (const [name, v] of Object.entries(g.fields)) f.set(name, v);
  return {
    fields: f,
    rawText: '',
    raw: new Uint8Array(),
    ts: g.at,
    status: 'parsed',
    source: 'test',
    parser: 'test@1',
    entities: [],
  };
}

/** A detection with the workers' part before it: events in, alerts out. */
export class Bench {
  #compiled: ReturnType<typeof compileRules>;
  #set: RuleSet;
  readonly #lists: Lists;
  readonly #options: { readonly groupsMax?: number };
  detection: Detection;
  #ord = 0;
  readonly alerts = new Map<string, Alert>();
  readonly changes: AlertChange[] = [];

  constructor(set: RuleSet, lists: Lists = LISTS, options: { readonly groupsMax?: number } = {}) {
    this.#set = set;
    this.#lists = lists;
    this.#options = options;
    this.#compiled = compileRules(set, lists);
    if (this.#compiled.problems.length > 0) throw new Error(JSON.stringify(this.#compiled.problems));
    this.detection = new Detection(set, { ...options, lists });
  }

  matched(e: NormalizedEvent, g: Omit<Given, 'fields'>): MatchedEvent {
    return {
      id: { node: 1, batch: 1, ord: this.#ord++ },
      tenant: g.tenant ?? 'default',
      origin: g.origin ?? 'live',
      door: g.door ?? 'syslog-tcp',
      sender: g.sender ?? '192.0.2.1',
      source: e.source,
      ts: g.at,
      ingested: g.ingested ?? g.at,
      rules: this.#compiled.match(e),
      fields: [...e.fields.entries()],
      entities: e.entities,
    };
  }

  /** As the pipeline does: only what met a rule reaches the detection. */
  event(g: Given): this {
    return this.normalized(normalized(g), g);
  }
  normalized(e: NormalizedEvent, g: Omit<Given, 'fields'>): this {
    const m = this.matched(e, g);
    if (m.rules.length > 0) this.#took(this.detection.apply([m]));
    return this;
  }
  tick(at: number): this {
    this.#took(this.detection.tick(at));
    return this;
  }
  /** Ticks every `every` microseconds. */
  until(from: number, to: number, every = HOUR): this {
    for (let t = from; t <= to; t += every) this.tick(t);
    return this;
  }

  /** Another rule set, from now on. */
  swap(set: RuleSet): this {
    this.#use(set);
    this.detection.swapRules(set);
    return this;
  }
  #use(set: RuleSet): void {
    this.#set = set;
    this.#compiled = compileRules(set, this.#lists);
  }

  /** The detection goes through a snapshot, and may wake with other rules. */
  restart(set = this.#set): this {
    this.#use(set);
    this.detection = Detection.restore(this.detection.snapshot(), set, {
      ...this.#options,
      lists: this.#lists,
    });
    return this;
  }

  #took(changes: readonly AlertChange[]): void {
    this.changes.push(...changes);
    for (const c of changes) this.alerts.set(c.alert.id, c.alert);
  }
  get list(): Alert[] {
    return [...this.alerts.values()];
  }
}
