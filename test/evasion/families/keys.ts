/** Keys given twice, in two spellings, or escaped: one value wins in the fields, and both can be searched. */
import type { EvasionCase, Family } from '../harness.ts';
import { app, cef, json, sysmon } from './records.ts';

const N = 'mimikatz';
const windows = (data: string): string => json(sysmon({})).replace('"CommandLine":"x.exe"', data);

const twice: EvasionCase[] = [
  { name: 'twice: the attack last wins', rule: 'command', raw: `{"app":{"command":"ls","command":"${N}"}}` },
  {
    name: 'twice: the attack first is named',
    rule: 'command',
    raw: `{"app":{"command":"${N}","command":"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  { name: 'twice: keyword sees both', rule: 'keyword', raw: `{"app":{"command":"${N}","command":"ls"}}` },
  {
    name: 'twice: with blanks before the colon',
    rule: 'command',
    raw: `{"app":{"command" : "${N}","command"\t:"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: one of them escaped',
    rule: 'command',
    raw: `{"app":{"comm\\u0061nd":"${N}","command":"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: a whole object',
    rule: 'command',
    raw: `{"app":{"command":"${N}"},"app":{"command":"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: an object, then null',
    rule: 'command',
    raw: `{"app":{"command":"${N}"},"app":null}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: hidden behind text that looks like keys',
    rule: 'command',
    raw: `{"t":"\\"a\\":1,\\"b\\":","app":{"command":"${N}","command":"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: with a number that the slow path reads',
    rule: 'command',
    raw: `{"n":1.50,"app":{"command":"${N}","command":"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: Windows command line',
    rule: 'process',
    raw: windows(`"CommandLine":"${N}","CommandLine":"x.exe"`),
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: Windows, the attack last',
    rule: 'process',
    raw: windows(`"CommandLine":"x.exe","CommandLine":"${N}"`),
  },
  {
    name: 'twice: three hundred times',
    rule: 'command',
    raw: `{"app":{"command":"${N}"${',"command":"ls"'.repeat(300)}}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: behind a backslash that ends a key',
    rule: 'command',
    raw: `{"x\\\\":1,"app":{"command":"${N}","command":"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: in a document behind @cee:',
    rule: 'command',
    raw: `<86>Mar  5 14:00:00 web01 app: @cee:{"app":{"command":"${N}","command":"ls"}}`,
    named: 'duplicate_key',
    word: N,
  },
  {
    name: 'twice: CEF, the address of the attack first',
    rule: 'bad_address',
    raw: cef('src=203.0.113.66 src=192.0.2.1 dpt=22'),
    named: 'duplicate_key',
  },
  {
    name: 'twice: CEF, the address of the attack last',
    rule: 'bad_address',
    raw: cef('src=192.0.2.1 src=203.0.113.66 dpt=22'),
  },
  {
    name: 'twice: as __proto__',
    rule: 'command',
    raw: `{"__proto__":{"command":"x"},"__proto__":{"app":1},"app":{"command":"${N}"}}`,
  },
];

const spellings: EvasionCase[] = [
  {
    name: 'dotted beside nested: dotted is the attack',
    rule: 'command',
    raw: `{"app.command":"${N}","app":{"command":"ls"}}`,
  },
  {
    name: 'dotted beside nested: nested is the attack',
    rule: 'command',
    raw: `{"app.command":"ls","app":{"command":"${N}"}}`,
  },
  {
    name: 'dotted beside nested: nested first',
    rule: 'command',
    raw: `{"app":{"command":"${N}"},"app.command":"ls"}`,
  },
  { name: 'half dotted', rule: 'command', raw: `{"app":{"x":1},"app.command":"${N}"}` },
  {
    name: 'dotted beside nested in a field of one value: the first is in it',
    rule: 'command_line',
    raw: '{"process.command_line":"cat /etc/shadow","process":{"command_line":"ls"}}',
  },
  {
    name: 'dotted beside nested in a field of one value: the second is named',
    rule: 'command_line',
    raw: '{"process.command_line":"ls","process":{"command_line":"cat /etc/shadow"}}',
    named: 'several_values',
    word: 'shadow',
  },
  { name: 'an empty key around it', rule: 'keyword', raw: `{"":{"":"${N}"}}` },
  {
    name: 'our own names claimed',
    rule: 'command',
    raw: `{"vigil.flags":[],"vigil":{"flags":"none","status":"raw"},"app":{"command":"${N}"}}`,
  },
];

const escaped: EvasionCase[] = [
  { name: 'escaped key', rule: 'command', raw: `{"app":{"\\u0063ommand":"${N}"}}` },
  {
    name: 'every letter of the key escaped',
    rule: 'command',
    raw: `{"app":{"${[...'command'].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}":"${N}"}}`,
  },
  { name: 'escaped dot in the key', rule: 'command', raw: `{"app\\u002ecommand":"${N}"}` },
  { name: 'escaped Windows key', rule: 'process', raw: windows(`"\\u0043ommandLine":"${N}"`) },
  {
    name: 'escaped key of the envelope',
    rule: 'process',
    raw: json(sysmon({ CommandLine: N })).replace('"EventID"', '"\\u0045ventID"'),
  },
  {
    name: 'a key with an invisible character',
    rule: 'command',
    raw: `{"app":{"comm\\u200band":"${N}"}}`,
    named: 'invisible_characters',
    word: N,
  },
  {
    name: 'a key with a Cyrillic letter',
    rule: 'command',
    raw: `{"app":{"сommand":"${N}"}}`,
    named: 'lookalike_characters',
    word: N,
  },
  {
    name: 'a key with a NUL',
    rule: 'command',
    raw: `{"app":{"command\\u0000":"${N}"}}`,
    named: 'control_characters',
    word: N,
  },
];

export const keys: Family = {
  name: 'keys',
  plain: [
    { name: 'field', rule: 'command', raw: json(app(N)) },
    { name: 'Windows', rule: 'process', raw: windows(`"CommandLine":"${N}"`) },
    { name: 'CEF', rule: 'bad_address', raw: cef('src=203.0.113.66 dpt=22') },
  ],
  harmless: [
    {
      name: 'one key in two objects',
      rule: 'command',
      raw: '{"app":{"command":"ls"},"other":{"command":"ls"}}',
    },
    {
      name: 'text that looks like keys',
      rule: 'command',
      raw: '{"app":{"command":"{\\"a\\":1,\\"a\\":2}"}}',
    },
    {
      name: 'the same in two spellings',
      rule: 'command',
      raw: '{"process.command_line":"ls","process":{"command_line":"ls"}}',
    },
  ],
  cases: [...twice, ...spellings, ...escaped],
};
