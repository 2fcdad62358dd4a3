/** `vigil rules ...` on an open Vigil: check, import, coverage, history, rollback, mode, accept, exceptions, backtest. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RuleList, RuleRow } from '../../api/contract.ts';
import type { RuleActor, RuleOutcome } from '../../api/deps.ts';
import { rulesCalled } from '../../app/find-rule.ts';
import { importRules } from '../../app/rule-import.ts';
import { printable } from '../../base/printable.ts';
import { RULE_MODES } from '../../detect/rule.ts';
import { parseOptions } from '../options.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../output.ts';
import { type Command, type CommandInput, LOCAL } from './command.ts';
import { BACKTEST_USAGE, backtestCommand } from './rules-backtest.ts';

const USAGE = [
  'rules check [--all] [--json]',
  'rules import DIR [--name NAME]',
  'rules accept [RULE ...]',
  'rules mode RULE off|shadow|risk|alerting [REASON]',
  'rules history RULE',
  'rules rollback RULE VERSION [REASON]',
  'rules exceptions',
  'rules coverage [--navigator FILE]',
  BACKTEST_USAGE,
] as const;

type Verb = (c: CommandInput) => Promise<number>;
const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['check', check],
  ['import', importDir],
  ['accept', accept],
  ['mode', mode],
  ['history', history],
  ['rollback', rollback],
  ['exceptions', exceptions],
  ['coverage', coverage],
  ['backtest', backtestCommand],
]);

export const rulesOpenCommand: Command = {
  name: 'rules',
  usage: USAGE.join('\n  '),
  about: 'rules in force: what can fire, modes, versions, imports',
  run(c) {
    const [verb = '', ...args] = c.args;
    const run = VERBS.get(verb);
    return run === undefined ? usage(c, USAGE.map((u) => `vigil ${u}`).join('\n')) : run({ ...c, args });
  },
};

function usage(c: CommandInput, text: string): Promise<number> {
  for (const line of text.split('\n')) c.o.err(line);
  return Promise.resolve(EXIT_USAGE);
}

const actor = (c: CommandInput, action: string): RuleActor => {
  const at = c.app.now();
  return {
    ...LOCAL,
    at,
    audit: (object, outcome, detail) => ({
      at,
      ...LOCAL,
      action,
      object,
      outcome,
      detail: detail === undefined ? '' : JSON.stringify(detail),
    }),
  };
};

/** The one rule that is meant; none where it could be several. */
function idOf(c: CommandInput, wanted: string): string | undefined {
  const found = rulesCalled(c.app.rules.set, wanted);
  return found.length === 1 ? found[0]?.id : undefined;
}

/** Runs a change of one rule; says what became of it. */
async function change(
  c: CommandInput,
  wanted: string,
  run: (id: string) => Promise<RuleOutcome<unknown>>,
): Promise<number> {
  const id = idOf(c, wanted);
  const out = id === undefined ? ({ kind: 'unknown' } as const) : await run(id);
  if (out.kind === 'done') return EXIT_OK;
  c.o.err(
    out.kind === 'refused'
      ? printable(out.reason)
      : `there is no such rule or version: ${printable(wanted)} (vigil rules check --all lists the rules)`,
  );
  return EXIT_FAILED;
}

const when = (us: number): string => (us === 0 ? 'never' : new Date(us / 1000).toISOString());
const percent = (share: number): string => (share === 0 ? '-' : `${(share * 100).toFixed(1)}%`);

async function check(c: CommandInput): Promise<number> {
  const p = parseOptions(c.args, [
    { name: 'all', about: 'every rule, not only those with something to say' },
    { name: 'json', about: 'the whole answer as one JSON object' },
  ]);
  if (!p.ok) return usage(c, p.error);
  const list = await c.app.ruleBook.list();
  if (p.value.options.has('json')) c.o.out(JSON.stringify(list));
  else tellCheck(c, list, p.value.options.has('all'));
  return list.summary.problems > 0 ? EXIT_FAILED : EXIT_OK;
}

function tellCheck(c: CommandInput, list: RuleList, all: boolean): void {
  const { summary: s } = list;
  for (const p of c.app.ruleBook.problems) c.o.err(`${printable(p.file)}:${p.line}: ${printable(p.reason)}`);
  if (list.trouble !== '') c.o.err(printable(list.trouble));
  for (const r of list.rules)
    if (r.dead !== '') c.o.out(`${printable(r.title)}: cannot fire: ${printable(r.dead)}`);
  if (all) for (const r of list.rules) c.o.out(lineOf(r));
  c.o.out(
    `${s.total} rules: ${RULE_MODES.map((m) => `${s.byMode[m]} ${m}`).join(', ')}; ${s.dead} cannot fire; ${s.problems} problems; ${s.proposals} proposals; ${s.exceptions} exceptions`,
  );
}

const lineOf = (r: RuleRow): string =>
  [
    printable(r.id),
    r.mode,
    r.level,
    r.logsource === '' ? '*' : printable(r.logsource),
    `candidate ${when(r.lastCandidate)}`,
    `fired ${when(r.lastMatched)} (${r.matched})`,
    `cost ${percent(r.cost)}`,
    printable(r.title),
  ].join('\t');

async function importDir(c: CommandInput): Promise<number> {
  const p = parseOptions(c.args, [
    { name: 'name', value: 'NAME', about: 'folder of the import (default: sigma)' },
  ]);
  if (!p.ok) return usage(c, p.error);
  const [dir] = p.value.rest;
  if (dir === undefined || p.value.rest.length > 1) return usage(c, 'vigil rules import DIR [--name NAME]');
  const name = p.value.options.get('name') ?? 'sigma';
  const by = actor(c, 'rule.import');
  const done = importRules(
    c.app.rules,
    { from: resolve(c.cwd, dir), name, cause: { who: by.who, from: by.from } },
    () => c.app.control.ruleModes(),
  );
  if (!done.ok) {
    c.o.err(printable(done.error));
    return EXIT_FAILED;
  }
  const r = done.value;
  await c.app.control.audit(
    by.audit(name, 'ok', { files: r.files, rules: r.rules, refused: r.problems.length }),
  );
  for (const x of r.problems) c.o.err(`${printable(x.file)}:${x.line}: ${printable(x.reason)}`);
  c.o.out(
    `${r.rules} rules from ${r.files} files are in ${printable(r.folder)}; ${r.problems.length} were refused.`,
  );
  c.o.out(
    `They are in shadow: matches are counted, no alerts. Proposed: ${r.alerting} alerting, ${r.risk} risk (vigil rules accept, or the page Rules).`,
  );
  return r.problems.length > 0 ? EXIT_FAILED : EXIT_OK;
}

async function accept(c: CommandInput): Promise<number> {
  const ids = c.args.map((a) => idOf(c, a) ?? a);
  const out = await c.app.ruleBook.accept(ids.length === 0 ? undefined : ids, actor(c, 'rule.accept'));
  if (out.kind === 'done') {
    c.o.out(`${out.value} accepted`);
    return EXIT_OK;
  }
  c.o.err(out.kind === 'refused' ? printable(out.reason) : 'there is no such rule');
  return EXIT_FAILED;
}

function mode(c: CommandInput): Promise<number> {
  const [rule, wanted, ...reason] = c.args;
  const to = RULE_MODES.find((m) => m === wanted);
  if (rule === undefined || to === undefined)
    return usage(c, `vigil rules mode RULE ${RULE_MODES.join('|')} [REASON]`);
  return change(c, rule, (id) =>
    c.app.ruleBook.setMode(id, { mode: to, reason: reason.join(' ') }, actor(c, 'rule.mode')),
  );
}

async function history(c: CommandInput): Promise<number> {
  const [rule] = c.args;
  const id = rule === undefined ? undefined : idOf(c, rule);
  if (rule === undefined) return usage(c, 'vigil rules history RULE');
  // A rule that is gone has a history too.
  const versions = c.app.control.ruleVersions(id ?? rule);
  if (versions.length === 0) {
    c.o.err(`nothing is known of a rule ${printable(rule)}`);
    return EXIT_FAILED;
  }
  for (const v of versions)
    c.o.out(
      `${v.n}\t${when(v.since)}\t${v.until === 0 ? 'in force' : `until ${when(v.until)}`}\t${printable(v.who)}\t${printable(v.source)}\t${printable(v.file)}\t${v.version}`,
    );
  return EXIT_OK;
}

function rollback(c: CommandInput): Promise<number> {
  const [rule, n, ...reason] = c.args;
  if (rule === undefined || n === undefined || !/^\d{1,9}$/.test(n))
    return usage(c, 'vigil rules rollback RULE VERSION [REASON] (vigil rules history RULE lists them)');
  return change(c, rule, (id) =>
    c.app.ruleBook.rollback(id, { version: Number(n), reason: reason.join(' ') }, actor(c, 'rule.rollback')),
  );
}

async function exceptions(c: CommandInput): Promise<number> {
  const now = c.app.now();
  for (const e of c.app.ruleBook.exceptions()) {
    const over = e.endedAt > 0 || e.expiresAt <= now;
    c.o.out(
      `${e.id}\t${over ? 'ended' : 'until'} ${when(e.endedAt > 0 ? e.endedAt : e.expiresAt)}\t${printable(e.owner)}\t${printable(e.title)}\t${printable(e.reason)}`,
    );
  }
  return EXIT_OK;
}

async function coverage(c: CommandInput): Promise<number> {
  const p = parseOptions(c.args, [
    { name: 'navigator', value: 'FILE', about: 'write a layer for the ATT&CK Navigator' },
  ]);
  if (!p.ok) return usage(c, p.error);
  const found = await c.app.ruleBook.coverage();
  const file = p.value.options.get('navigator');
  if (file !== undefined) writeFileSync(resolve(c.cwd, file), `${JSON.stringify(found.layer, null, 2)}\n`);
  for (const t of [...found.tactics, ...found.techniques])
    c.o.out(
      `${printable(t.id)}\t${t.alerting} alerting\t${t.risk} risk\t${t.shadow} shadow\t${t.dead} cannot fire or off`,
    );
  c.o.out(
    `${found.techniques.filter((t) => t.alerting > 0).length} of ${found.techniques.length} techniques have a rule that alerts and can fire here`,
  );
  return EXIT_OK;
}
