/** The control store's part about rules (`control-store.ts` has the contract). */
import type { RulesPart } from './control-store.ts';
import type { Recorder } from './record.ts';
import type { Sql } from './sql.ts';
import * as exceptions from './tables/exceptions.ts';
import { riskCountsOf } from './tables/risk-counts.ts';
import { putRuleMode, ruleModes } from './tables/rule-modes.ts';
import * as versions from './tables/rule-versions.ts';

export function rulesPart(sql: Sql, recorder: Recorder): RulesPart {
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const f of listeners) f();
  };
  return {
    ruleModes: () => ruleModes(sql),
    setRuleModes: async (sets, audit) => {
      sql.tx(() => {
        for (const s of sets) putRuleMode(sql, s);
        recorder.write(audit);
      });
      changed();
    },
    noteRuleVersions: (texts, by, audit) =>
      sql.tx(() => {
        const c = versions.noteRuleVersions(sql, texts, by);
        const entry = audit(c);
        if (entry !== undefined) recorder.write(entry);
        return c;
      }),
    ruleVersions: (rule) => versions.ruleVersions(sql, rule),
    ruleVersion: (rule, n) => versions.ruleVersion(sql, rule, n),
    rollbacks: () => versions.rollbacks(sql),
    setRollback: async (r, audit) => {
      sql.tx(() => {
        versions.putRollback(sql, r);
        recorder.write(audit);
      });
      changed();
    },
    dropRollback: (rule) => versions.deleteRollback(sql, rule),
    exceptions: (at) => exceptions.exceptions(sql, at),
    exceptionFacts: (at) => exceptions.exceptionFacts(sql, at),
    createException: async (e, audit) => {
      sql.tx(() => {
        exceptions.putException(sql, e);
        recorder.write(audit);
      });
      changed();
    },
    endException: async (id, end, audit) => {
      const done = sql.tx(() => {
        const ended = exceptions.endException(sql, id, end.at, end.by);
        if (ended) recorder.write(audit);
        return ended;
      });
      if (done) changed();
      return done;
    },
    onRulesChange: (f) => {
      listeners.add(f);
      return () => void listeners.delete(f);
    },
    riskCountsOf: (of) => riskCountsOf(sql, of),
    record: (a) => recorder.write(a),
    onRaised: (f) => recorder.onRaised(f),
    noticeChannels: (names) => {
      recorder.channels = names;
    },
  };
}
