/**
 * Rules about certificates that time drives: `certificate.days_to_expiry < 7 AND NOT exists(renewal_event for certificate
 * in last 30 days)`. Judged at ticks over the inventory, as of the lane's watermark, and only for certificates for which
 * the verdict may have changed: each has a time at which it is looked at again (it crosses a bound, something leaves
 * a count's span) and is looked at when an event was about it. Speaks once per certificate.
 *
 * Held by `certificates.test.ts` and `memory.prop.test.ts`.
 */
import { DAYS_TO_EXPIRY, fieldValue } from '../../condition/computed.ts';
import type { Condition, Lists } from '../../condition/tree.ts';
import type { FieldValue } from '../../model/event.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { keyText } from '../group-keys.ts';
import type { Measure, Residual } from '../rule.ts';
import type { Core } from './at-events.ts';
import { setText, tokensOf } from './certificate.ts';
import { Heap } from './heap.ts';
import type { Certificate, Inventory } from './inventory.ts';
import { judge } from './judge.ts';
import { certificateGroups, combinations, groupId } from './keys.ts';
import { judgedOf, localTest, type MemoryHit, numberOfField, type Runtime } from './runtime.ts';
import { historyNote, sayCertificate } from './say.ts';
import { DAY_US, learned, LEARN_DAYS } from './usual.ts';

/** Past a bound by this much, so that `<` holds . */
const PAST_US = 1e6;
/** Where the bound depends on something that changes, microseconds between looks. */
const POLL_US = 3600e6;

/** Certificates looked at per rule, lane and tick; the others at the next. */
export const LOOKS_PER_TICK_MAX = 5000;

/** Look at the certificate at the next tick. */
export function wake(rt: Runtime, lane: string, c: Certificate, due: number): void {
  let w = rt.wakes.get(lane);
  if (w === undefined) {
    w = { heap: new Heap(), at: new Map() };
    rt.wakes.set(lane, w);
  }
  if (c.state !== 'valid' || c.fired.includes(rt.rule.id)) {
    w.at.delete(c.seq);
    return;
  }
  const known = w.at.get(c.seq);
  if (known !== undefined && known <= due) return;
  w.at.set(c.seq, due);
  w.heap.push({ due, seq: c.seq });
}

export type Clock = {
  readonly lists: Lists;
  readonly inventory: (lane: string) => Inventory | undefined;
  readonly mark: (lane: string) => number;
};

export function lookAtDue(core: Core, clock: Clock, rt: Runtime, at: number, out: MemoryHit[]): void {
  for (const [lane, w] of rt.wakes) {
    const first = w.heap.peek();
    if (first === undefined || first.due > at) continue;
    const inventory = clock.inventory(lane);
    const mark = clock.mark(lane);
    let looks = 0;
    for (let x = w.heap.peek(); x !== undefined && x.due <= mark; x = w.heap.peek()) {
      w.heap.pop();
      if (w.at.get(x.seq) !== x.due) continue;
      if (looks++ >= LOOKS_PER_TICK_MAX) {
        w.heap.push(x);
        break;
      }
      w.at.delete(x.seq);
      const c = inventory?.get(x.seq);
      if (c === undefined || inventory === undefined) continue;
      lookAt(core, clock.lists, { rt, lane, inventory, c, mark, at }, out);
    }
  }
}

type Look = {
  readonly rt: Runtime;
  readonly lane: string;
  readonly inventory: Inventory;
  readonly c: Certificate;
  /** Event time as of which it is judged, and the tick at which. */
  readonly mark: number;
  readonly at: number;
};

function lookAt(core: Core, lists: Lists, l: Look, out: MemoryHit[]): void {
  const { rt, c, mark } = l;
  if (c.state !== 'valid' || c.notAfter === null || c.notAfter <= mark || c.fired.includes(rt.rule.id))
    return;
  const event = eventOf(c, l.inventory, mark);
  if (holds(core, lists, l, event)) {
    c.fired.push(rt.rule.id);
    out.push(hitOf(core, l, event));
    return;
  }
  const next = nextLook(l);
  if (next !== undefined) wake(rt, l.lane, c, next);
}

const groupsOf = (l: Look, i: number, event: MatchedEvent): readonly string[] | undefined => {
  const term = l.rt.tables[i]?.term;
  if (term === undefined) return undefined;
  if (term.certificate) return certificateGroups(l.lane, tokensOf({ ...l.c, previousSerial: '' }));
  const first = combinations(term.by, event)[0];
  return first === undefined ? undefined : [groupId(l.lane, first.values)];
};

function holds(core: Core, lists: Lists, l: Look, event: MatchedEvent): boolean {
  // Asked of the time of judging, not of when the event was.
  const fields = new Map<string, FieldValue>([...event.fields, ['@timestamp', l.mark]]);
  const judged = judgedOf(fields, event.entities);
  return judge(l.rt.rule.residual, {
    met: () => false,
    local: (c: Condition) => localTest(l.rt, c, lists)(judged),
    field: (name) => numberOfField(fieldValue(fields, name)),
    count: (i) => {
      const table = l.rt.tables[i];
      const ids = groupsOf(l, i, event);
      if (table === undefined || ids === undefined) return undefined;
      // What came after the mark counts too: a renewal that is known of is one.
      const until = Number.MAX_SAFE_INTEGER;
      const after = l.mark - table.term.span;
      if (!table.term.certificate) return table.count(ids, { after, until, closed: true });
      // What led to this certificate is no attempt to renew it.
      const made = ledTo(l.c);
      const n = table.count(
        ids,
        made >= after ? { after: made, until, closed: false } : { after, until, closed: true },
      );
      return ownRenewal(l, i) > l.mark ? n + 1 : n;
    },
    baseline: (i) => {
      const table = l.rt.tables[i];
      const id = groupsOf(l, i, event)?.[0];
      if (table === undefined || id === undefined) return undefined;
      if (learned(core.since(l.rt, l.lane), l.mark) < LEARN_DAYS) return 'learning';
      return table.usual.at(id, l.mark, table.term.span);
    },
  });
}

/** Clocks of certificates are set back by up to this much when they are issued, microseconds. */
const BACKDATED_US = 2 * 3600e6;
/** Requests and renewals up to then are those that made the certificate. */
const ledTo = (c: Certificate): number =>
  c.madeAt ?? (c.notBefore === null ? Number.MIN_SAFE_INTEGER : c.notBefore + BACKDATED_US);

/** Part of its life for which a renewal counts as having been renewed: who renews does so by then. */
const RENEWED_SHARE = 0.8;
/**
 * Until when a certificate that is itself a renewal counts as renewed by a term: its span, but no longer than four fifths
 * of its own life, or one of thirty days whose renewals stop would never be told of.
 */
function ownRenewal(l: Look, i: number): number {
  const { renewalAt, notAfter } = l.c;
  const span = l.rt.tables[i]?.term.span;
  if (l.rt.renewals[i] !== true || renewalAt === null || notAfter === null || span === undefined)
    return Number.MIN_SAFE_INTEGER;
  return renewalAt + Math.min(span, (notAfter - renewalAt) * RENEWED_SHARE);
}

/** When the verdict may be another one: a bound is crossed, or something that counts leaves its span. */
function nextLook(l: Look): number | undefined {
  const { c, mark, rt } = l;
  if (c.notAfter === null) return undefined;
  let next = c.notAfter;
  const consider = (t: number): void => {
    if (t + PAST_US > mark && t + PAST_US < next) next = t + PAST_US;
  };
  const bounds = boundsOf(rt.rule.residual);
  for (const days of bounds.toExpiry) consider(c.notAfter - days * DAY_US);
  if (bounds.unknown) consider(mark + POLL_US);
  const event = eventOf(c, l.inventory, mark);
  rt.tables.forEach((t, i) => {
    for (const ts of t.times(groupsOf(l, i, event) ?? [])) consider(ts + t.term.span);
    consider(ownRenewal(l, i));
  });
  return next < c.notAfter ? next : undefined;
}

type Bounds = { readonly toExpiry: readonly number[]; readonly unknown: boolean };

/** Days to expiry that the rule asks for; `unknown` where it computes them. */
function boundsOf(r: Residual): Bounds {
  switch (r.kind) {
    case 'and':
    case 'or': {
      const all = r.items.map(boundsOf);
      return { toExpiry: all.flatMap((b) => b.toExpiry), unknown: all.some((b) => b.unknown) };
    }
    case 'local':
      return boundsIn(r.condition);
    case 'test':
      return { toExpiry: [], unknown: asksClock(r.left) || asksClock(r.right) };
    default:
      return { toExpiry: [], unknown: false };
  }
}

function boundsIn(c: Condition): Bounds {
  switch (c.kind) {
    case 'and':
    case 'or': {
      const all = c.items.map(boundsIn);
      return { toExpiry: all.flatMap((b) => b.toExpiry), unknown: all.some((b) => b.unknown) };
    }
    case 'not':
      return boundsIn(c.item);
    case 'compare':
      // Whole days are compared: with `<= 7` the seven days last until eight are left.
      return c.field === DAYS_TO_EXPIRY
        ? { toExpiry: [Math.floor(c.value), Math.ceil(c.value), Math.floor(c.value) + 1], unknown: false }
        : { toExpiry: [], unknown: false };
    case 'test': {
      const text = JSON.stringify(c);
      return { toExpiry: [], unknown: text.includes(DAYS_TO_EXPIRY) };
    }
    default:
      return { toExpiry: [], unknown: 'field' in c && c.field === DAYS_TO_EXPIRY };
  }
}
const asksClock = (m: Measure): boolean =>
  m.kind === 'field'
    ? m.field === DAYS_TO_EXPIRY
    : m.kind === 'arithmetic' && (asksClock(m.left) || asksClock(m.right));

/** The certificate as an event: the newest one about it, with what is known of it and how long it still has. */
export function eventOf(c: Certificate, inventory: Inventory, mark: number): MatchedEvent {
  const fields: [string, FieldValue][] = [['event.action', 'certificate_observed']];
  const set = (name: string, v: FieldValue | null): void => {
    if (v !== null && v !== '') fields.push([name, v]);
  };
  set('x509.subject.common_name', c.common || (c.names[0] ?? ''));
  if (c.names.length > 0) set('x509.alternative_names', c.names);
  set('x509.serial_number', c.serial);
  set('x509.issuer.common_name', c.issuerName);
  set('x509.not_before', c.notBefore);
  set('x509.not_after', c.notAfter);
  set('certificate.fingerprint.sha256', c.fingerprint);
  set('certificate.id', c.id);
  set('certificate.requester', c.requester);
  set('service.name', c.service);
  if (c.notAfter !== null) set('certificate.days_left', Math.floor((c.notAfter - mark) / DAY_US));
  if (c.notAfter !== null && c.notBefore !== null)
    set('certificate.lifetime_days', Math.floor((c.notAfter - c.notBefore) / DAY_US));
  const entities = [
    ...(c.serial === '' ? [] : [`cert:${c.serial}`]),
    ...c.names.slice(0, 20).map((n) => `domain:${n}`),
  ];
  return { ...c.event, tenant: inventory.tenant, origin: inventory.origin, rules: [], fields, entities };
}

function hitOf(core: Core, l: Look, event: MatchedEvent): MemoryHit {
  const { c, rt, at, mark } = l;
  const identity: [string, string][] =
    c.serial !== ''
      ? [
          ['x509.serial_number', c.serial],
          ['x509.issuer.common_name', c.issuerName],
        ]
      : c.fingerprint !== ''
        ? [['certificate.fingerprint.sha256', c.fingerprint]]
        : c.id !== ''
          ? [['certificate.id', c.id]]
          : [['x509.alternative_names', setText(c.names)]];
  const since = core.since(rt, l.lane);
  const short = rt.tables.find((t) => mark - since < t.term.span);
  const notes = short === undefined ? [] : [historyNote(since, mark, short.term.span)];
  return {
    rule: rt.rule,
    tenant: event.tenant,
    origin: event.origin,
    key: keyText(identity.map(([, v]) => v)),
    shown: identity.flatMap(([f, v]) => (v === '' ? [] : [`${f}=${v}`])),
    from: at,
    to: at,
    fresh: [{ event, weight: 1 }],
    trigger: event,
    said: sayCertificate(rt.rule, c, mark, notes),
    judged: at,
    crossed: c.notAfter ?? at,
  };
}
