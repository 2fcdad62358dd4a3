/** Letters that fold, and letters that only look alike: one documented folding (`docs/EVASION.md`), the rest is named. */
import type { EvasionCase, Family } from '../harness.ts';
import { app, json, sudo, sysmon } from './records.ts';

const N = 'mimikatz';
const command = (text: string): string => json(app(text));

const folds: EvasionCase[] = [
  { name: 'upper case', rule: 'command', raw: command('MIMIKATZ') },
  { name: 'mixed case', rule: 'command', raw: command('MiMiKaTz') },
  { name: 'Kelvin sign', rule: 'command', raw: command('mimi\u212aatz') },
  {
    name: 'Kelvin sign in a Windows command line',
    rule: 'process',
    raw: json(sysmon({ CommandLine: 'mimi\u212aatz' })),
  },
  { name: 'Kelvin sign in a line', rule: 'command_line', raw: sudo('/usr/bin/cat /ETC/SHADOW') },
  { name: 'Kelvin sign, keyword', rule: 'keyword', raw: command('mimi\u212aatz') },
];

const named = (
  name: string,
  text: string,
  flag: EvasionCase['named'] = 'lookalike_characters',
): EvasionCase => ({
  name,
  rule: 'command',
  raw: command(text),
  ...(flag === undefined ? {} : { named: flag }),
});
const lookalikes: readonly EvasionCase[] = [
  named('dotless i', 'm\u0131m\u0131katz'),
  named('dotted capital I', 'M\u0130M\u0130KATZ'),
  named('long s beside it', 'pa\u017f\u017fwd mimikat\u017f'),
  named('full-width letters', 'ｍｉｍｉｋａｔｚ'),
  named('one full-width letter', 'mimi\uff4batz'),
  named('mathematical bold', '\u{1d426}\u{1d422}mikatz'),
  named('mathematical monospace', '\u{1d696}imikatz'),
  named('circled letter', '\u24dcimikatz'),
  named('small capitals', 'mimi\u1d0batz'),
  named('superscript letter', 'mim\u2071katz'),
  named('Cyrillic i', 'm\u0456mikatz'),
  named('Cyrillic a', 'mimik\u0430tz'),
  named('Greek iota', 'm\u03b9mikatz'),
  named('Greek kappa', 'mimi\u03baatz'),
  named('Armenian letter', 'mimikat\u0566z'),
  named('Cherokee letter', 'mimik\u13a0tz'),
  named('acute accent after a letter', 'mi\u0301mikatz'),
  named('stroke through a letter', 'mi\u0335mikatz'),
  named('dot below', 'mimik\u0323atz'),
  named('enclosing mark', 'mimik\u20ddatz'),
  {
    name: 'full-width slashes in a path',
    rule: 'command_line',
    raw: sudo('/usr/bin/cat \uff0fetc\uff0fshadow'),
    named: 'lookalike_characters',
  },
  {
    name: 'Cyrillic letters in a Windows image',
    rule: 'process_image',
    raw: json(sysmon({ Image: 'C:\\x\\m\u0456mikatz.exe' })),
    named: 'lookalike_characters',
  },
  {
    name: 'full-width letters in a Windows command line',
    rule: 'process',
    raw: json(sysmon({ CommandLine: '\uff4dimikatz' })),
    named: 'lookalike_characters',
  },
];

const nothing = (name: string, c: string): EvasionCase => ({
  name: `${name} within it`,
  rule: 'command',
  raw: command(`mimi${c}katz`),
  named: 'invisible_characters',
});
const invisible: EvasionCase[] = [
  nothing('zero-width space', '\u200b'),
  nothing('zero-width non-joiner', '\u200c'),
  nothing('zero-width joiner', '\u200d'),
  nothing('word joiner', '\u2060'),
  nothing('byte order mark', '\ufeff'),
  nothing('soft hyphen', '\u00ad'),
  nothing('combining grapheme joiner', '\u034f'),
  nothing('Hangul filler', '\u3164'),
  nothing('variation selector', '\ufe0f'),
  nothing('tag character', '\u{e0061}'),
  nothing('right-to-left override', '\u202e'),
  nothing('left-to-right mark', '\u200e'),
  nothing('right-to-left isolate', '\u2067'),
  nothing('invisible times', '\u2062'),
  {
    name: 'right-to-left override in a file name',
    rule: 'process_image',
    raw: json(sysmon({ Image: 'C:\\x\\mimikatz\u202efdp.exe' })),
    named: 'invisible_characters',
  },
  {
    name: 'zero-width space in a path',
    rule: 'command_line',
    raw: sudo('/usr/bin/cat /etc/\u200bshadow'),
    named: 'invisible_characters',
    word: 'etc',
  },
  { name: 'zero-width space before it', rule: 'command', raw: command(`\u200b${N}`) },
  { name: 'emoji before it', rule: 'command', raw: command(`😀${N}`) },
];

export const letters: Family = {
  name: 'letters',
  plain: [
    { name: 'field', rule: 'command', raw: command(N) },
    { name: 'line', rule: 'command_line', raw: sudo('/usr/bin/cat /etc/shadow') },
    { name: 'Windows', rule: 'process', raw: json(sysmon({ CommandLine: N })) },
    { name: 'Windows image', rule: 'process_image', raw: json(sysmon({ Image: 'C:\\x\\mimikatz.exe' })) },
  ],
  harmless: [
    { name: 'Norwegian', rule: 'command', raw: command('Øystein åpnet æsken – «ferdig»') },
    { name: 'Russian', rule: 'command', raw: command('Пароль неверен') },
    { name: 'Greek', rule: 'command', raw: command('λάθος κωδικός') },
    { name: 'Japanese with full-width signs', rule: 'command', raw: command('失敗：管理者（ログイン）') },
    { name: 'Persian with joiners', rule: 'command', raw: command('می‌خواهم') },
    { name: 'a family of emoji', rule: 'command', raw: command('👨‍👩‍👧') },
    { name: 'units', rule: 'command', raw: command('12 μs, 20 °C, 3 kΩ'.replace('kΩ', 'Ω')) },
    { name: 'composed accents', rule: 'command', raw: command('café naïve') },
  ],
  cases: [...folds, ...lookalikes, ...invisible],
};
