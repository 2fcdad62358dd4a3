/**
 * The search bar: Enter searches, Shift+Enter breaks the line. A layer under the text marks where an error is; both
 * wrap alike, so the mark stays under its characters.
 */
import { Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { ApiError } from '../../../../src/api/contract.ts';
import { messageOf } from '../../data/client.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { safe } from '../../ui/safe-text.tsx';

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

export function QueryBar({ query, error, hints, busy, onSearch }: Props) {
  const [text, setText] = useState(query);
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    input.current?.focus({ preventScroll: true });
  }, []);
  const marked = error?.position !== undefined && text === query ? error.position : undefined;
  return (
    <div className="min-w-0 flex-1">
      <form
        className="flex gap-2"
        onSubmit={(e) => {
          e.preventDefault();
          onSearch(text.trim());
        }}
      >
        {/* A clicked value may be thousands of characters long: beyond a few lines the bar scrolls, the results keep their room. */}
        <div className="relative grid max-h-[136px] min-w-0 flex-1 overflow-y-auto rounded-[5px] border border-field-line bg-field focus-within:border-accent focus-within:ring-1 focus-within:ring-accent">
          <Search size={14} aria-hidden="true" className="absolute top-[9px] left-2.5 text-faint" />
          <div aria-hidden="true" className={`${TEXT} text-transparent`}>
            <Marked text={text} at={marked} />
          </div>
          <textarea
            ref={input}
            data-testid="search-bar"
            aria-label="Search"
            aria-invalid={error !== undefined}
            placeholder='Words, field:value, user.name == "root", source.ip:10.0.0.0/8, … | stats count() by host.name'
            rows={1}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            value={text}
            onChange={(e) => setText(e.target.value)}
            onKeyDown={(e) => {
              if (e.key === 'Enter' && !e.shiftKey && !e.nativeEvent.isComposing) {
                e.preventDefault();
                onSearch(text.trim());
              } else if (e.key === 'Escape') e.currentTarget.blur();
              // On to the rows, which the arrows move through from here.
              else if (e.key === 'ArrowDown' && e.currentTarget.selectionStart === text.length)
                e.currentTarget.blur();
            }}
            className={`${TEXT} resize-none overflow-hidden bg-transparent outline-none placeholder:truncate placeholder:font-sans`}
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

function Marked({
  text,
  at,
}: {
  text: string;
  at: { readonly start: number; readonly end: number } | undefined;
}) {
  // A trailing space keeps an empty last line as high as the textarea's.
  if (at === undefined) return <>{`${text} `}</>;
  const end = Math.max(at.end, at.start + 1);
  return (
    <>
      {text.slice(0, at.start)}
      <span className="error-mark" data-testid="query-error-mark">
        {text.slice(at.start, end) || '  '}
      </span>
      {`${text.slice(end)} `}
    </>
  );
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
