/**
 * Several documents in one file (Sigma rule collections): `action: global` is merged into every document that follows,
 * `action: reset` ends that, `action: repeat` merges into the document before it and gives one more rule. Where both
 * state a key, the global document wins over the one that follows, and the repeating one over the one before it: as in
 * pySigma, so that a file means the same in both. A rule that inherits its id and is not the first to do so
 * gets the id with `#2`, `#3`: ids stay unique and the same as long as the order of documents does.
 *
 * Held by `link.test.ts` and `test/conformance`.
 */
import { SigmaError } from './modifiers.ts';
import { child, textOf, type Yaml, type YamlDocument, type YamlMap } from './yaml.ts';

export const ACTIONS = ['global', 'reset', 'repeat'] as const;

type Refuse = (line: number, reason: string) => void;

/** The documents with their actions carried out; broken ones are refused and left out. */
export function expandCollection(docs: readonly YamlDocument[], refuse: Refuse): YamlDocument[] {
  if (docs.every((d) => child(d.root, 'action') === undefined)) return [...docs];
  const out: YamlDocument[] = [];
  const inherited = new Map<string, number>();
  let global: YamlDocument | undefined;
  let last: YamlDocument | undefined;
  const emit = (own: YamlDocument, whole: YamlDocument): void => {
    last = whole;
    const id = textOf(whole.root, 'id');
    const stated = textOf(own.root, 'id');
    if (id === '' || stated !== '') {
      // An id of its own stands: two rules of one id would be one rule.
      out.push(id === stated ? whole : { ...whole, root: withText(whole.root, 'id', stated) });
      return;
    }
    const n = (inherited.get(id) ?? 0) + 1;
    inherited.set(id, n);
    out.push(n === 1 ? whole : { ...whole, root: withText(whole.root, 'id', `${id}#${n}`) });
  };
  for (const doc of docs) {
    const action = child(doc.root, 'action');
    if (action === undefined) {
      emit(doc, global === undefined ? doc : merged(doc, global, doc.line));
      continue;
    }
    const name = action.kind === 'scalar' ? String(action.value) : '';
    const bare: YamlDocument = { ...doc, root: without(doc.root, 'action') };
    if (name === 'global') global = bare;
    else if (name === 'reset') global = undefined;
    else if (name === 'repeat' && last !== undefined) emit(bare, merged(last, bare, bare.line));
    else
      refuse(
        action.line,
        name === 'repeat'
          ? 'action: repeat needs a rule before it in the same file'
          : `action '${name}' is not one of ${ACTIONS.join(', ')}`,
      );
  }
  return out;
}

function merged(base: YamlDocument, over: YamlDocument, line: number): YamlDocument {
  return { line, text: `${base.text}\n---\n${over.text}`, root: merge(base.root, over.root) };
}

/** Maps are merged key by key, everything else of `over` replaces what `base` has. */
function merge(base: Yaml, over: Yaml): Yaml {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map<string, Yaml>(base.entries);
  for (const [key, value] of over.entries) {
    const before = entries.get(key);
    entries.set(key, before === undefined ? value : merge(before, value));
  }
  return { kind: 'map', line: over.line, entries: [...entries] };
}

function mapOf(y: Yaml): YamlMap {
  if (y.kind !== 'map') throw new SigmaError(y.line, 'a document with action is a map');
  return y;
}

function without(y: Yaml, key: string): YamlMap {
  const m = mapOf(y);
  return { ...m, entries: m.entries.filter(([k]) => k !== key) };
}

function withText(y: Yaml, key: string, value: string): YamlMap {
  const m = mapOf(y);
  return {
    ...m,
    entries: m.entries.map(([k, v]) => (k === key ? [k, { kind: 'scalar', line: v.line, value }] : [k, v])),
  };
}
