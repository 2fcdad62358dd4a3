/**
 * Packets that Linux' packet filter logs: iptables, nftables, ufw, firewalld, shorewall, and routers built on them:
 * `[12345.678] [UFW BLOCK] IN=eth0 OUT= MAC=.. SRC=10.0.0.9 DST=10.0.0.1 .. PROTO=TCP SPT=40000 DPT=22 .. SYN`.
 * The rule's own prefix (free text of whoever wrote the rule set) tells what was done: words for refusing make
 * `network_denied`, words for letting through `network_allowed`, none of them `network_connection`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { head, pairs, PAIRS_MAX, setPeer } from '../../../src/normalize/text.ts';

const DENIED = /DROP|REJECT|DENY|DENIED|BLOCK|BAN|REFUSE/i;
const ALLOWED = /ACCEPT|ALLOW|PASS|PERMIT/i;
const UPTIME = /^\[ *\d{1,12}\.\d{1,9}\] ?/;
/** The rule's prefix is at most 29 characters for iptables, 128 for nftables. */
const PREFIX_CHARS_MAX = 200;
const FLAGS = new Set(['SYN', 'ACK', 'FIN', 'RST', 'PSH', 'URG', 'CWR', 'ECE']);
const NUMBERS: readonly (readonly [string, string])[] = [
  ['LEN', 'netfilter.length'],
  ['TTL', 'netfilter.ttl'],
  ['HOPLIMIT', 'netfilter.ttl'],
  ['ID', 'netfilter.id'],
  ['WINDOW', 'netfilter.window'],
  ['TYPE', 'netfilter.icmp.type'],
  ['CODE', 'netfilter.icmp.code'],
  ['UID', 'user.id'],
  ['GID', 'group.id'],
];
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['1', 'icmp'],
  ['2', 'igmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['47', 'gre'],
  ['50', 'esp'],
  ['58', 'icmpv6'],
  ['132', 'sctp'],
]);

function interfaces(kv: ReadonlyMap<string, string>, out: EventFields): void {
  const from = kv.get('IN') ?? '';
  const to = kv.get('OUT') ?? '';
  if (from !== '') out.set('observer.ingress.interface.name', from);
  if (to !== '') out.set('observer.egress.interface.name', to);
  if (from !== '' && to === '') out.set('network.direction', 'inbound');
  else if (to !== '' && from === '') out.set('network.direction', 'outbound');
}

/** `MAC=` is destination, source and type, colon by colon. */
function hardware(mac: string | undefined, out: EventFields): void {
  const parts = mac?.split(':') ?? [];
  if (parts.length < 12) return;
  const join = (i: number): string =>
    parts
      .slice(i, i + 6)
      .join('-')
      .toUpperCase();
  out.set('destination.mac', join(0));
  out.set('source.mac', join(6));
}

function packet(kv: ReadonlyMap<string, string>, bare: readonly string[], out: EventFields): void {
  if (kv.size >= PAIRS_MAX || bare.length >= PAIRS_MAX) out.overflow++;
  interfaces(kv, out);
  hardware(kv.get('MAC'), out);
  setPeer(out, 'source', kv.get('SRC') ?? '', kv.get('SPT'));
  setPeer(out, 'destination', kv.get('DST') ?? '', kv.get('DPT'));
  const protocol = kv.get('PROTO')?.toLowerCase();
  if (protocol !== undefined) out.set('network.transport', PROTOCOLS.get(protocol) ?? protocol);
  for (const [key, name] of NUMBERS) {
    const v = kv.get(key);
    if (v !== undefined && /^\d{1,15}$/.test(v))
      out.set(name, name.endsWith('.id') && name !== 'netfilter.id' ? v : Number(v));
  }
  const flags = bare.filter((w) => FLAGS.has(w));
  if (flags.length > 0) out.set('netfilter.tcp.flags', flags);
  if (bare.includes('DF')) out.set('netfilter.fragment', 'DF');
}

export default defineSource({
  name: 'netfilter',
  version: 1,
  title: 'iptables, nftables, ufw',
  recognise: {
    programs: ['kernel', 'ulogd'],
    sniff: (message) => message.slice(0, 300).includes('IN=') && message.slice(0, 600).includes(' SRC='),
  },
  parse: (input, out) => {
    const text = head(input.message);
    const start = text.indexOf('IN=');
    if (start < 0 || start > PREFIX_CHARS_MAX || (start > 0 && /[A-Za-z0-9]/.test(text.charAt(start - 1)))) {
      return cut(text, out);
    }
    const bare: string[] = [];
    const kv = pairs(text.slice(start), bare);
    if (kv.get('OUT') === undefined || (kv.get('SRC') === undefined && kv.get('MAC') === undefined))
      return 'no';
    const prefix = text.slice(0, start).replace(UPTIME, '').trim();
    if (prefix !== '') out.set('rule.name', prefix.replace(/^\[(.*)\]:?$/, '$1').replace(/[: ]+$/, ''));
    out.set('event.provider', 'netfilter');
    out.set('event.dataset', 'netfilter');
    packet(kv, bare, out);
    if (DENIED.test(prefix) && (out.has('source.ip') || out.has('source.mac')))
      applyAction(out, 'network_denied');
    else if (ALLOWED.test(prefix) && out.has('source.ip') && out.has('destination.ip'))
      applyAction(out, 'network_allowed');
    else if (out.has('source.ip') || out.has('destination.ip')) applyAction(out, 'network_connection');
    return 'parsed';
  },
});

/** A line whose front was lost on the way, as slow routers write them: `L=126 ID=8698 DF PROTO=TCP SPT=88 DPT=51179`. */
function cut(text: string, out: EventFields): 'partial' | 'no' {
  if (!/ PROTO=[A-Z0-9]{1,8} SPT=\d/.test(text)) return 'no';
  out.set('event.provider', 'netfilter');
  out.set('event.dataset', 'netfilter');
  const bare: string[] = [];
  packet(pairs(text, bare), bare, out);
  return 'partial';
}
