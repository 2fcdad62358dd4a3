/**
 * One menu for the whole console, opened at a place with a list of items: arrows move, Enter picks, Esc and a click
 * outside close, focus returns to where it was. One instance, however many thousand values a table shows.
 */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';

export type MenuItem = {
  readonly id: string;
  readonly text: ReactNode;
  readonly icon?: ReactNode;
  readonly hint?: string;
  readonly run: () => void;
};
export type MenuSpec = {
  readonly title?: ReactNode;
  readonly label: string;
  readonly items: readonly MenuItem[];
};
type Place = { readonly x: number; readonly y: number };
type Open = (at: Element, spec: MenuSpec) => void;

const Context = createContext<Open>(() => undefined);
export const useMenu = (): Open => useContext(Context);

export function MenuProvider({ children }: { children: ReactNode }) {
  const [menu, setMenu] = useState<{ readonly spec: MenuSpec; readonly at: Place } | null>(null);
  const back = useRef<HTMLElement | null>(null);
  const open = useCallback<Open>((at, spec) => {
    const r = at.getBoundingClientRect();
    back.current = at instanceof HTMLElement ? at : null;
    setMenu({ spec, at: { x: r.left, y: r.bottom + 3 } });
  }, []);
  const close = useCallback(() => {
    setMenu(null);
    back.current?.focus({ preventScroll: true });
  }, []);
  return (
    <Context value={open}>
      {children}
      {menu !== null && <MenuBox spec={menu.spec} at={menu.at} onClose={close} />}
    </Context>
  );
}

function MenuBox({ spec, at, onClose }: { spec: MenuSpec; at: Place; onClose: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(at);

  useLayoutEffect(() => {
    const b = box.current;
    if (b === null) return;
    const r = b.getBoundingClientRect();
    setPlace({
      x: Math.max(8, Math.min(at.x, innerWidth - r.width - 8)),
      y: at.y + r.height > innerHeight - 8 ? Math.max(8, at.y - r.height - 28) : at.y,
    });
    b.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, [at]);

  useEffect(() => {
    const outside = (e: Event): void => {
      if (!box.current?.contains(e.target as Node)) onClose();
    };
    addEventListener('pointerdown', outside, true);
    addEventListener('resize', onClose);
    addEventListener('wheel', outside, true);
    return () => {
      removeEventListener('pointerdown', outside, true);
      removeEventListener('resize', onClose);
      removeEventListener('wheel', outside, true);
    };
  }, [onClose]);

  const onKey = (e: React.KeyboardEvent): void => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const i = all.indexOf(document.activeElement as HTMLElement);
    const go = (n: number): void => all[(n + all.length) % all.length]?.focus();
    if (e.key === 'ArrowDown') go(i + 1);
    else if (e.key === 'ArrowUp') go(i - 1);
    else if (e.key === 'Home') go(0);
    else if (e.key === 'End') go(all.length - 1);
    else if (e.key === 'Escape' || e.key === 'Tab') onClose();
    else if (e.key === 'Enter' || e.key === ' ') return e.stopPropagation();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };

  return (
    <div
      ref={box}
      role="menu"
      tabIndex={-1}
      aria-label={spec.label}
      onKeyDown={onKey}
      className="panel fixed z-50 max-w-[440px] min-w-[210px] bg-raised py-1 shadow-xl"
      style={{ left: place.x, top: place.y }}
    >
      {spec.title !== undefined && (
        <div className="border-b border-line px-3 pt-0.5 pb-1.5 text-sm text-muted">{spec.title}</div>
      )}
      {spec.items.map((item) => (
        <button
          key={item.id}
          type="button"
          role="menuitem"
          data-testid={`menu-${item.id}`}
          className="flex w-full items-center gap-2 px-3 py-1 text-left -outline-offset-2 hover:bg-hover focus-visible:bg-hover"
          onClick={() => {
            onClose();
            item.run();
          }}
        >
          <span className="w-4 text-muted">{item.icon}</span>
          <span className="min-w-0 flex-1 truncate">{item.text}</span>
          {item.hint !== undefined && <span className="text-xs text-faint">{item.hint}</span>}
        </button>
      ))}
    </div>
  );
}
