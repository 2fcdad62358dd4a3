/** For tests: fields, values, events and conditions that are apt to disagree between live and stored. */
import fc from 'fast-check';
import { conditionProblems } from '../condition/evaluate.ts';
import { ARITHMETIC, type Expression, type ExpressionFunction, TEST_OPS } from '../condition/expression.ts';
import { typeOf } from '../condition/text.ts';
import { TIME_PARTS } from '../condition/time-part.ts';
import type { Condition, Lists, PatternPart, PlaceholderPart } from '../condition/tree.ts';
import type { FieldValue } from '../model/event.ts';

export const FIELDS = [
  'user.name',
  'message',
  'event.outcome',
  'event.category',
  'x509.alternative_names',
  'source.ip',
  'source.port',
  'x509.not_before',
  'x509.not_after',
  'x509.serial_number',
  'certificate.days_left',
  'certificate.days_to_expiry',
  'certificate.identity',
  'vigil.door',
  'vigil.token',
  'vigil.batch',
  'event.ingested',
  'invalid.source.port',
  'custom.a',
  'custom.list',
  '__proto__',
  'constructor',
  "a'b",
  '"];process.exit()//',
  'nul\0name',
  'p%q_r\\',
  '',
] as const;

export const TEXTS = [
  '',
  'root',
  'Root',
  '\u212aey',
  'key',
  'ı',
  'i',
  'İ',
  'ΟΔΟΣ',
  'οδος',
  'οδοσ x',
  'STRASSE',
  'straße',
  'a*b',
  'a?b',
  'a%b',
  'a_b',
  'axb',
  'a\\b',
  'a\\%b',
  '\\',
  '"q"',
  "it's",
  "' OR 1=1 --",
  'nul\0x',
  '\0',
  '22',
  '22.0',
  '1e3',
  '-5',
  '+7',
  '007',
  '1e999',
  '0.1',
  '9007199254740993',
  ' 5',
  'NaN',
  'inf',
  'true',
  'null',
  '10.0.1.5',
  '::ffff:10.0.1.5',
  '::FFFF:0a00:0105',
  '010.0.1.5',
  '[2001:db8::1]',
  '2001:DB8:0::1',
  'fe80::1%eth0',
  '::1:0',
  '::102:304',
  '::',
  '1:2:3:4:5:6:7::',
  'www.example.com.',
  'EXAMPLE.com',
  'badexample.com',
  '😀',
  'x😀y',
  'line1\nline2',
  'a OR b',
  '\ufffd',
  '${jndi:ldap://x}',
  // What test/evasion is about: invisible, alike, composed or not, other spellings of addresses, hosts and accounts.
  'ro\u200bot',
  'ｒoot',
  'r\u043eot',
  'roo\u0301t',
  'ROO\u0301T',
  '\u{1d42b}oot',
  'toor\u202e',
  'ro\u00adot',
  '167772421',
  '0x0a000105',
  'EXAMPLE.com..',
  'CORP\\root',
  'ro\bot',
  '*.example.com',
  'mu\u0308nchen.example.',
  '/O=Example, Inc./CN=Example CA',
  'cn = example ca; O=Example\\, Inc.',
  'CN=only',
] as const;

export const LISTS: Lists = new Map([
  ['texts', { kind: 'text', values: ['ROOT', '\u212aEY', '', 'a\\b', 'ΟΔΟΣ'] }],
  ['domains', { kind: 'domain', values: ['example.COM', 'com.'] }],
  [
    'nets',
    { kind: 'cidr', values: ['10.0.0.0/8', '2001:db8::/32', 'nonsense', '::/96', '1::/16', 'fe80::/10'] },
  ],
  ['few', { kind: 'cidr', values: ['10.0.1.5', '::/0'] }],
  [
    'issuers',
    {
      kind: 'issuer',
      values: ['Root', 'CN=Example CA,O="Example, Inc."', 'CN=only', '0123456789ABCDEF', ''],
    },
  ],
  ['idn', { kind: 'domain', values: ['bücher.ÄÖ.example', 'login.example.com', 'xn--mnchen-3ya.example'] }],
  ['empty', { kind: 'text', values: [] }],
]);

export const field = fc.constantFrom(...FIELDS);
export const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  { weight: 1, arbitrary: fc.ipV6() },
  { weight: 1, arbitrary: fc.integer({ min: -3, max: 3000 }).map(String) },
);
const scalar = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom(22, 1000, 0, -0, -5, 0.1, 1e21, 1.5e-7, true, false) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2e15 }) },
);
export const value: fc.Arbitrary<FieldValue> = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
);
/** Fields, words of the raw text, entities. */
export const eventSpec = fc.record({
  fields: fc.array(fc.tuple(field, value), { maxLength: 10 }),
  raw: fc.array(text, { maxLength: 5 }).map((a) => a.join(' ')),
  entities: fc.array(text, { maxLength: 2 }),
});

export const pattern: fc.Arbitrary<PatternPart[]> = fc
  .array(
    fc.oneof(
      fc.constant<PatternPart>({ kind: 'any' }),
      fc.constant<PatternPart>({ kind: 'one' }),
      fc
        .oneof(
          text,
          text.map((t) => t.slice(0, 2)),
          text.map((t) => t.slice(-1)),
        )
        .map((t): PatternPart => ({ kind: 'text', text: t.toWellFormed() })),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.filter((p, i) => p.kind !== 'any' || parts[i - 1]?.kind !== 'any'));

const REGEXES = [
  '^a.b$',
  'k',
  '(?i)\u212a',
  '\\d+',
  '^$',
  '[^a-z]',
  'o{2}',
  '\\bx\\b',
  '^line2',
  'l.*2$',
  'İ',
  '\\pL',
  '.',
  '\\x00',
  'σ',
  '😀*',
  'é?İ',
  '\\Q.é*\\E|ı',
  'x\\B',
];

const anyOf = fc.constantFrom(...FIELDS.filter((f) => typeOf(f) !== 'date'));
const dates = fc.constantFrom('x509.not_before', 'x509.not_after', 'event.ingested', '@timestamp');
const fieldOf = (name: fc.Arbitrary<string>): fc.Arbitrary<Expression> =>
  name.map((field) => ({ kind: 'field', field }));
const call = (name: ExpressionFunction, ...args: Expression[]): Expression => ({ kind: 'call', name, args });
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'];
const clock = fc.constantFrom('hour' as const, 'minute' as const, 'weekday' as const, 'day' as const);
const numbers = fc.constantFrom(0, 1, -1, 2, 7, 22, 0.5, 86_400, -3600, 1e6, 1e21, 9007199254740991, 1.5e-7);

type Kinds = { number: Expression; text: Expression; time: Expression };
/** Expressions of each kind, as deep as `maxDepth`. */
const kinds = fc.letrec<Kinds>((tie) => ({
  number: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    numbers.map((value): Expression => ({ kind: 'number', value })),
    fieldOf(anyOf),
    fc
      .tuple(fc.constantFrom(...ARITHMETIC), tie('number'), tie('number'))
      .map(([op, left, right]): Expression => ({ kind: 'arithmetic', op, left, right })),
    fc
      .tuple(tie('time'), tie('time'))
      .map(([left, right]): Expression => ({ kind: 'arithmetic', op: '-', left, right })),
    fc
      .tuple(
        fc.constantFrom(
          'abs' as const,
          'round' as const,
          'floor' as const,
          'ceil' as const,
          'number' as const,
        ),
        tie('number'),
      )
      .map(([name, x]) => call(name, x)),
    tie('text').map((x) => call('len', x)),
    fc.tuple(clock, tie('time')).map(([name, x]) => call(name, x)),
    fc
      .tuple(clock, tie('time'), fc.constantFrom(...ZONES))
      .map(([name, x, zone]) => call(name, x, { kind: 'text', value: zone })),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) => call('coalesce', a, b)),
  ),
  text: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    text.map((value): Expression => ({ kind: 'text', value: value.toWellFormed() })),
    fieldOf(anyOf),
    fc
      .tuple(fc.constantFrom('lower' as const, 'upper' as const, 'trim' as const), tie('text'))
      .map(([name, x]) => call(name, x)),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => call('coalesce', a, b)),
  ),
  time: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    { weight: 3, arbitrary: fieldOf(dates) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('+' as const, '-' as const), tie('time'), tie('number'))
        .map(([op, left, right]): Expression => ({ kind: 'arithmetic', op, left, right })),
    },
  ),
}));
const ops = fc.constantFrom(...TEST_OPS);
/** Comparisons of expressions that make sense. */
export const comparison: fc.Arbitrary<Condition> = fc
  .oneof(
    fc.tuple(ops, kinds.number, kinds.number),
    fc.tuple(fc.constantFrom('==' as const, '!=' as const), kinds.text, kinds.text),
    fc.tuple(ops, kinds.time, fc.oneof(kinds.time, kinds.number)),
  )
  .map(([op, left, right]): Condition => ({ kind: 'test', op, left, right }))
  .filter((c) => conditionProblems(c).length === 0);

const part: fc.Arbitrary<PlaceholderPart> = fc.oneof(
  fc.constantFrom<PlaceholderPart>({ kind: 'any' }, { kind: 'one' }),
  text.map((t): PlaceholderPart => ({ kind: 'text', text: t.toWellFormed() })),
  fc.constantFrom(...LISTS.keys()).map((list): PlaceholderPart => ({ kind: 'list', list })),
);

export const leaf: fc.Arbitrary<Condition> = fc.oneof(
  comparison,
  fc.record({
    kind: fc.constant('placeholder' as const),
    field,
    parts: fc.array(part, { minLength: 1, maxLength: 3 }),
    cased: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('timepart' as const),
    field: fc.oneof(dates, field),
    part: fc.constantFrom(...TIME_PARTS),
    op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const, '==' as const),
    value: fc.integer({ min: -1, max: 60 }),
  }),
  fc.record({ kind: fc.constantFrom('exists' as const, 'null' as const), field }),
  fc.record({
    kind: fc.constant('equals' as const),
    field,
    values: fc.array(text, { maxLength: 3 }),
    cased: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('like' as const), field, pattern, cased: fc.boolean() }),
  fc.record({
    kind: fc.constant('regex' as const),
    field,
    source: fc.constantFrom(...REGEXES),
    flags: fc.constantFrom('', 'i', 'm', 's', 'im', 'ims'),
  }),
  fc.record({
    kind: fc.constant('cidr' as const),
    field,
    cidr: fc.constantFrom(
      '10.0.0.0/8',
      '0.0.0.0/0',
      '::/0',
      '2001:db8::/32',
      '10.0.1.5',
      '::ffff:10.0.1.0/120',
      '::/96',
      'fe80::1/10',
    ),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    field,
    op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
    value: fc.oneof(fc.constantFrom(22, 0, -5, 0.1, 1000, 1e21, 7, 9007199254740992), fc.integer()),
  }),
  fc.record({
    kind: fc.constant('fieldref' as const),
    field,
    op: fc.constantFrom('equals' as const, 'startswith' as const, 'endswith' as const, 'contains' as const),
    other: field,
    cased: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('inlist' as const), field, list: fc.constantFrom(...LISTS.keys()) }),
  fc.record({ kind: fc.constant('words' as const), words: fc.array(text, { minLength: 1, maxLength: 2 }) }),
  fc.record({ kind: fc.constant('keyword' as const), pattern, cased: fc.boolean() }),
  fc.record({ kind: fc.constant('entity' as const), entity: text }),
  fc.record({ kind: fc.constant('const' as const), value: fc.boolean() }),
);

export const condition: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('not' as const), item: tie('tree') }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        items: fc.array(tie('tree'), { maxLength: 3 }),
      }),
    },
  ),
})).tree;

const ATOMS = (
  'a b k K \u212a ſ s İ ı i σ Σ ς é 😀 . \\d \\w \\s \\S \\W \\b \\B ^ $ \\A \\z [a-c] [^a] [[:alpha:]] \\pL \\PL \\p{Lu} \\p{Greek} ' +
  '\\x41 \\x{1F600} \\n (?i) (?s) (?m) (?:ab|c) (a|k) \\Q.*é\\E \\. ß ẞ [\\w.] (?i:k) [é-ü] ǅ ﬀ [^\\n] (root|é) ro (?:ro)?'
).split(' ');
/** Regular expressions made of parts on which engines disagree. */
export const regexSource: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(fc.constantFrom(...ATOMS), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '*?', '|', '{0}')),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.map(([a, q]) => a + q).join(''));
