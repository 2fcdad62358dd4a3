/**
 * The search bar: Enter searches, Shift+Enter breaks the line, Ctrl+Space shows what may come next. The text that is
 * seen is a layer under the field's own (transparent) one, with colours and the mark of an error; both wrap alike.
 */
import { Search, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ApiError, SearchAssist } from '../../../../src/api/contract.ts';
import { messageOf } from '../../data/client.ts';
import { queryParts } from '../../lib/query-parts.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { type Assisted, useAssist } from './assist.ts';
import { type Completion, Completions, LIST_ID, optionId } from './completions.tsx';

type Props = {
  readonly query: string;
  readonly error: ApiError | undefined;
  /** Remarks on the query that did not stop it. */
  readonly hints: readonly string[];
  readonly busy: boolean;
  readonly onSearch: (q: string) => void;
};

const TEXT =
  'col-start-1 row-start-1 py-[6px] pr-8 pl-8 font-mono text-base whitespace-pre-wrap [overflow-wrap:anywhere]';

/** Looks of a query's parts; what is not named is plain text. */
const LOOKS: Readonly<Record<string, string>> = {
  keyword: 'text-accent font-semibold',
  field: 'text-accent',
  function: 'text-warn',
  list: 'text-warn',
  class: 'text-warn',
  operator: 'text-muted',
  punctuation: 'text-muted',
  pipe: 'text-warn font-semibold',
  quoted: 'text-ok',
  value: 'text-ok',
  regex: 'text-ok',
};

/** May the list show itself? Behind a begun word, a pipe or IN; not at every blank. */
const asksForMore = (before: string): boolean => /(?:[\w.@-]|\|\s*|\bIN\s+)$/.test(before);

export function QueryBar({ query, error, hints, busy, onSearch }: Props) {
  const [text, setText] = useState(query);
  const [cursor, setCursor] = useState(query.length);
  /** `typing`: where it is of use; `asked`: wherever there is anything. */
  const [list, setList] = useState<'off' | 'typing' | 'asked'>('off');
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLTextAreaElement>(null);
  /** Where the caret goes with the text that was taken from the list, before the next key is heard. */
  const caret = useRef(-1);
  useLayoutEffect(() => {
    if (caret.current >= 0) input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = -1;
  });
  const assisted = useAssist(text, cursor);
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    input.current?.focus({ preventScroll: true });
  }, []);
  const marked = error?.position !== undefined && text === query ? error.position : undefined;
  const fresh = assisted !== undefined && assisted.text === text && assisted.cursor === cursor;
  const wanted = list === 'asked' || (list === 'typing' && asksForMore(text.slice(0, cursor)));
  const items = fresh && wanted ? assisted.assist.completions : [];
  const chosen = active < items.length ? active : -1;

  const search = (): void => {
    setList('off');
    onSearch(text.trim());
  };
  const take = (c: Completion): void => {
    const made = text.slice(0, c.start) + c.text;
    setText(made + text.slice(cursor));
    setCursor(made.length);
    setActive(-1);
    // Behind a field's colon stands a value, behind a word a blank: what comes next is asked for by typing.
    setList('typing');
    caret.current = made.length;
  };
  const onKey = (e: KeyboardEvent<HTMLTextAreaElement>): void => {
    const open = items.length > 0;
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    if (open && step !== 0) {
      e.preventDefault();
      setActive((chosen + step + items.length + (chosen < 0 && step < 0 ? 1 : 0)) % items.length);
    } else if (open && (e.key === 'Tab' || (e.key === 'Enter' && chosen >= 0)) && !e.shiftKey) {
      e.preventDefault();
      take(items[Math.max(0, chosen)] as Completion);
    } else if (e.key === ' ' && e.ctrlKey) {
      e.preventDefault();
      setList('asked');
    } else if (e.key === 'Enter' && !e.shiftKey && !e.nativeEvent.isComposing) {
      e.preventDefault();
      search();
    } else if (e.key === 'Escape') {
      if (open) setList('off');
      else e.currentTarget.blur();
    }
    // On to the rows, which the arrows move through from here.
    else if (e.key === 'ArrowDown' && e.currentTarget.selectionStart === text.length) e.currentTarget.blur();
  };
  return (
    <div className="min-w-0 flex-1">
      <form
        className="flex gap-2"
        onSubmit={(e) => {
          e.preventDefault();
          search();
        }}
      >
        <div className="relative min-w-0 flex-1">
          {/* A clicked value may be thousands of characters long: beyond a few lines the bar scrolls, the results keep their room. */}
          <div className="relative grid max-h-[136px] overflow-y-auto rounded-[5px] border border-field-line bg-field focus-within:border-accent focus-within:ring-1 focus-within:ring-accent">
            <Search size={14} aria-hidden="true" className="absolute top-[9px] left-2.5 text-faint" />
            <div aria-hidden="true" className={TEXT}>
              <Seen text={text} assisted={assisted} at={marked} />
            </div>
            <textarea
              ref={input}
              data-testid="search-bar"
              aria-label="Search"
              aria-invalid={error !== undefined}
              role="combobox"
              aria-autocomplete="list"
              aria-expanded={items.length > 0}
              aria-controls={LIST_ID}
              {...(chosen >= 0 && items.length > 0 ? { 'aria-activedescendant': optionId(chosen) } : {})}
              placeholder='Words, field:value, user.name == "root", source.ip:10.0.0.0/8, … | stats count() by host.name'
              rows={1}
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              value={text}
              onChange={(e) => {
                setText(e.target.value);
                setCursor(e.target.selectionStart);
                setList('typing');
                setActive(-1);
              }}
              onSelect={(e) => setCursor(e.currentTarget.selectionStart)}
              onBlur={() => setList('off')}
              onKeyDown={onKey}
              className={`${TEXT} resize-none overflow-hidden bg-transparent text-transparent caret-text outline-none selection:bg-accent/40 placeholder:truncate placeholder:font-sans`}
            />
            {text !== '' && (
              <IconButton
                label="Clear"
                className="absolute top-[3px] right-1 !size-6"
                onClick={() => {
                  setText('');
                  onSearch('');
                  input.current?.focus();
                }}
              >
                <X size={13} />
              </IconButton>
            )}
          </div>
          {items.length > 0 && <Completions items={items} active={chosen} onTake={take} />}
        </div>
        <Button type="submit" look="primary" className="h-8 w-[82px]" data-testid="search-submit">
          {busy ? 'Searching' : 'Search'}
        </Button>
      </form>
      {error !== undefined && (
        <Problem
          error={error}
          onFix={
            marked === undefined || error.suggestion === undefined
              ? undefined
              : () => onSearch(text.slice(0, marked.start) + error.suggestion + text.slice(marked.end))
          }
        />
      )}
      {error === undefined && text === query && hints.length > 0 && (
        <ul
          className="mt-1.5 text-sm text-muted"
          role="status"
          aria-label="Remarks"
          data-testid="query-hints"
        >
          {hints.map((h) => (
            <li key={h} className="[overflow-wrap:anywhere]">
              {safe(h)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Characters that are coloured; a longer text (a clicked value) is shown plain. */
const COLOURED_MAX = 5000;

function Seen({
  text,
  assisted,
  at,
}: {
  text: string;
  assisted: Assisted | undefined;
  at: { readonly start: number; readonly end: number } | undefined;
}) {
  const mark = at === undefined ? undefined : { start: at.start, end: Math.max(at.end, at.start + 1) };
  // While the answer for a new key is on its way, the parts of the text before stay where they are.
  const tokens = assisted === undefined || text.length > COLOURED_MAX ? [] : sameSoFar(assisted, text);
  const parts = queryParts(
    mark !== undefined && mark.end > text.length ? text.padEnd(mark.end) : text,
    tokens,
    mark,
  );
  return (
    <>
      {parts.map((p, i) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
          key={i}
          className={`${LOOKS[p.kind] ?? ''} ${p.marked ? 'error-mark' : ''}`}
          {...(p.marked ? { 'data-testid': 'query-error-mark' } : {})}
        >
          {p.text}
        </span>
      ))}{' '}
    </>
  );
}

/** The tokens that lie in what the two texts begin with alike. */
function sameSoFar(a: Assisted, text: string): SearchAssist['tokens'] {
  if (a.text === text) return a.assist.tokens;
  let same = 0;
  while (same < text.length && a.text[same] === text[same]) same++;
  return a.assist.tokens.filter((t) => t.end <= same);
}

/** Expected alternatives named at most. */
const EXPECTED_SHOWN = 8;

/** The suggestion stands for the underlined text. */
function Problem({ error, onFix }: { error: ApiError; onFix: (() => void) | undefined }) {
  return (
    <div
      role="alert"
      className="mt-1.5 flex flex-wrap items-baseline gap-x-4 gap-y-0.5"
      data-testid="query-error"
    >
      <span className="text-bad">{messageOf(error)}</span>
      {error.suggestion !== undefined && error.suggestion !== '' && (
        <span className="text-muted">
          Did you mean{' '}
          <button
            type="button"
            data-testid="query-fix"
            disabled={onFix === undefined}
            onClick={onFix}
            className="font-mono text-sm text-accent hover:underline"
          >
            {error.suggestion}
          </button>
        </span>
      )}
      {error.expected !== undefined && error.expected.length > 0 && (
        <span className="text-muted">
          Possible here:{' '}
          <span className="font-mono text-sm">{error.expected.slice(0, EXPECTED_SHOWN).join('  ')}</span>
        </span>
      )}
    </div>
  );
}
