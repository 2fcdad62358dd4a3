/** Keys of a page. Nothing fires while one types, with Ctrl/Alt/Meta held, or under an open dialog or menu. */
import { useEffect, useRef } from 'react';

export type Keys = Readonly<Record<string, (e: KeyboardEvent) => void>>;

/** A two-key sequence (`g s`) must be typed within this, milliseconds. */
const SEQUENCE_MS = 1200;

function typing(e: KeyboardEvent): boolean {
  const t = e.target;
  if (!(t instanceof HTMLElement)) return false;
  return t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName);
}

export function useHotkeys(keys: Keys): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    let prefix = '';
    let at = 0;
    const onKey = (e: KeyboardEvent): void => {
      if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented || typing(e)) return;
      if (document.querySelector('dialog[open], [role=menu]') !== null) return;
      // Enter and space belong to a focused button or link.
      if (
        (e.key === 'Enter' || e.key === ' ') &&
        e.target instanceof HTMLElement &&
        /^(A|BUTTON|SUMMARY)$/.test(e.target.tagName)
      )
        return;
      const both = `${prefix} ${e.key}`;
      const name =
        prefix !== '' && e.timeStamp - at < SEQUENCE_MS && Object.hasOwn(now.current, both) ? both : e.key;
      prefix = e.key;
      at = e.timeStamp;
      if (!Object.hasOwn(now.current, name)) return;
      if (name === both) prefix = '';
      e.preventDefault();
      now.current[name]?.(e);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
