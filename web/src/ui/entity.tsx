/** An address, user or host as alerts name it, with what one can do with it. */
import { Copy, Crosshair, Radar } from 'lucide-react';
import { entityQuery, splitEntity } from '../lib/query-text.ts';
import { HOUR_US } from '../lib/time-range.ts';
import { useMenu } from './menu.tsx';
import { safe } from './safe-text.tsx';
import { useGoSearch } from './value.tsx';

const WORD: ReadonlyMap<string, string> = new Map([
  ['ip', 'address'],
  ['user', 'user'],
  ['host', 'host'],
  ['domain', 'domain'],
  ['cert', 'certificate'],
  ['key', 'key'],
  ['process', 'program'],
  ['hash', 'file'],
]);
const wordOf = (kind: string): string => WORD.get(kind) ?? (kind === '' ? 'value' : safe(kind));

/** `around`: the span of the alert, so that one can look at the hour before and after it. Microseconds. */
export function Entity({
  text,
  around,
}: {
  text: string;
  around?: { readonly from: number; readonly to: number };
}) {
  const { kind, name } = splitEntity(text);
  const menu = useMenu();
  const go = useGoSearch();
  return (
    <button
      type="button"
      data-testid="entity"
      title={`${wordOf(kind)} ${safe(name)}`}
      onClick={(e) => {
        e.preventDefault();
        e.stopPropagation();
        menu(e.currentTarget, {
          label: `${wordOf(kind)} ${name}`,
          title: (
            <>
              <div className="text-xs text-faint">{wordOf(kind)}</div>
              <div className="truncate font-mono text-text">{safe(name)}</div>
            </>
          ),
          items: [
            {
              id: 'pivot',
              icon: <Radar size={14} />,
              text: `Everything this ${wordOf(kind)} did, last 24 hours`,
              run: () => go(entityQuery(text), { from: '-24h', to: 'now' }),
            },
            ...(around === undefined
              ? []
              : [
                  {
                    id: 'around',
                    icon: <Crosshair size={14} />,
                    text: 'The hour before and after this alert',
                    run: () =>
                      go(entityQuery(text), {
                        from: String(around.from - HOUR_US),
                        to: String(around.to + HOUR_US),
                      }),
                  },
                ]),
            {
              id: 'copy',
              icon: <Copy size={14} />,
              text: 'Copy',
              run: () => void navigator.clipboard?.writeText(name),
            },
          ],
        });
      }}
      className="inline-flex max-w-[210px] items-center gap-1 rounded-[4px] border border-line bg-raised px-1.5 text-sm hover:border-accent"
    >
      <span className="text-faint">{safe(kind)}</span>
      <span className="truncate font-mono">{safe(name)}</span>
    </button>
  );
}
