/**
 * Cisco IOS, NX-OS and ASA: `%FACILITY-SEVERITY-MNEMONIC: text` behind any envelope (Cisco IOS System Message Guide; ASA
 * Syslog Messages). Understood are logins, commands that are accounted or logged, changes of configuration, access lists,
 * and ASA's connections; all others keep facility, severity and mnemonic and are `partial`.
 *
 * The text holds what users and peers chose (names, commands): patterns are anchored, and a command is everything to the end.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { head, setPeer } from '../../../src/normalize/text.ts';

/** ASA writes `host : %ASA-...`. */
const HEAD = /^(?:: )?%([A-Z][A-Z0-9_]{1,31}(?:-[A-Z][A-Z0-9_]{0,31})?)-([0-7])-([A-Z0-9_]{2,48}): ?/;

type Mapper = (m: RegExpExecArray, out: EventFields) => void;
type Shape = readonly [RegExp, Mapper];

const command =
  (action: 'process_started' | 'configuration_changed'): Mapper =>
  (m, out) => {
    const line = m[2] ?? '';
    out.set('user.name', m[1]);
    out.set('process.command_line', line);
    out.set('process.name', line.split(' ', 1)[0]);
    applyAction(out, action, 'success');
  };

const login =
  (outcome: 'success' | 'failure'): Mapper =>
  (m, out) => {
    out.set('user.name', m[1]);
    setPeer(out, 'source', m[2] ?? '');
    if (m[3] !== undefined) out.set('destination.port', m[3]);
    if (m[4] !== undefined) out.set('event.reason', m[4]);
    applyAction(out, 'user_login', outcome);
  };

const packet =
  (action: 'network_denied' | 'network_allowed', protocol: number, from: number): Mapper =>
  (m, out) => {
    out.set('network.transport', m[protocol]?.toLowerCase());
    setPeer(out, 'source', m[from] ?? '', m[from + 1]);
    setPeer(out, 'destination', m[from + 2] ?? '', m[from + 3]);
    applyAction(out, action);
  };

const IOS_PACKET =
  /^list (\S{1,64}) (denied|permitted) (\w{1,16}) (\S{1,64}?)(?:\((\d{1,5})\))?(?: \S{1,64})? -> (\S{1,64}?)(?:\((\d{1,5})\))?(?: \([^)]{1,32}\))?, \d{1,9} packets?/;

const SHAPES: ReadonlyMap<string, readonly Shape[]> = new Map([
  ['AAA', [[/^User (\S{1,128}) executed: (.*)$/s, command('process_started')] as Shape]],
  ['PARSER', [[/^User: ?(\S{1,128})\s+logged command: ?(.*)$/s, command('configuration_changed')] as Shape]],
  [
    'SYS',
    [
      [
        /^Configured from (\S{1,64})(?: by (?!vty|con|tty|aux)(\S{1,128}))?(?: (?:on|by) \S{1,32}(?: \(([^)\s]{1,64})\))?)?/,
        (m, out) => {
          out.set('user.name', m[2]);
          if (m[3] !== undefined) setPeer(out, 'source', m[3]);
          applyAction(out, 'configuration_changed', 'success');
        },
      ] as Shape,
    ],
  ],
  [
    'SEC_LOGIN',
    [
      [
        /^Login Success \[user: ?([^\]]{0,128})\] \[Source: ?([^\]]{0,64})\] \[localport: ?(\d{1,5})\]/,
        login('success'),
      ] as Shape,
      [
        /^Login failed \[user: ?([^\]]{0,128})\] \[Source: ?([^\]]{0,64})\] \[localport: ?(\d{1,5})\](?: \[Reason: ?([^\]]{0,128})\])?/,
        login('failure'),
      ] as Shape,
    ],
  ],
  [
    'SEC',
    [
      [
        IOS_PACKET,
        (m, out) => {
          out.set('rule.name', m[1]);
          packet(m[2] === 'denied' ? 'network_denied' : 'network_allowed', 3, 4)(m, out);
        },
      ] as Shape,
    ],
  ],
  [
    'ASA',
    [
      [
        /^Deny (\w{1,16}) src [^\s:]{1,64}:([^\s/]{1,64})(?:\/(\d{1,5}))?(?:\([^)]{0,64}\))? dst [^\s:]{1,64}:([^\s/]{1,64})(?:\/(\d{1,5}))?/,
        packet('network_denied', 1, 2),
      ] as Shape,
      [
        /^Built (?:in|out)bound (\w{1,16}) connection \d{1,20} for [^\s:]{1,64}:([^\s/]{1,64})\/(\d{1,5}) \([^)]{0,128}\)(?:\([^)]{0,64}\))? to [^\s:]{1,64}:([^\s/]{1,64})\/(\d{1,5})/,
        packet('network_allowed', 1, 2),
      ] as Shape,
      [
        /^Login (permitted|denied) from ([^\s/]{1,64})\/\d{1,5} to [^\s:]{1,64}:[^\s/]{1,64}\/(\w{1,16}) for user "([^"]{0,128})"/,
        (m, out) => {
          out.set('user.name', m[4]);
          setPeer(out, 'source', m[2] ?? '');
          out.set('network.protocol', m[3]);
          applyAction(out, 'user_login', m[1] === 'permitted' ? 'success' : 'failure');
        },
      ] as Shape,
      [/^User '([^']{0,128})' executed the '(.*)' command\.?$/s, command('process_started')] as Shape,
    ],
  ],
]);

/** Facilities whose messages are accounting: what somebody did at the device. */
const ACCOUNTING = new Set(['AAA', 'PARSER', 'SYS', 'SEC_LOGIN']);

export default defineSource({
  name: 'cisco',
  version: 1,
  title: 'Cisco IOS, NX-OS and ASA',
  recognise: { prefixes: ['%', ': %'] },
  parse: (input, out) => {
    const text = head(input.message);
    const m = HEAD.exec(text);
    if (m === null) return 'no';
    const [whole, facility = '', severity = '', mnemonic = ''] = m;
    const rest = text.slice(whole.length).trimEnd();
    out.set('message', input.message);
    out.set('event.kind', 'event');
    out.set('event.provider', facility);
    out.set('event.code', mnemonic);
    out.set('event.severity', Number(severity));
    out.set('event.dataset', ACCOUNTING.has(facility) ? 'cisco.aaa' : `cisco.${facility.toLowerCase()}`);
    out.set('cisco.facility', facility);
    out.set('cisco.mnemonic', mnemonic);
    for (const [re, map] of SHAPES.get(facility) ?? []) {
      const found = re.exec(rest);
      if (found === null) continue;
      map(found, out);
      return 'parsed';
    }
    return 'partial';
  },
});
