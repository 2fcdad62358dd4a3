/** What is due next: a binary heap by (due, seq). The order of equal times is that of `seq`, so it is total. Held by `parts.test.ts`. */
export type Due = { readonly due: number; readonly seq: number };

export class Heap<T extends Due> {
  readonly #a: T[] = [];

  get size(): number {
    return this.#a.length;
  }
  peek(): T | undefined {
    return this.#a[0];
  }

  push(x: T): void {
    const a = this.#a;
    let i = a.push(x) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (before(a[up] as T, x)) break;
      a[i] = a[up] as T;
      i = up;
    }
    a[i] = x;
  }

  pop(): T | undefined {
    const a = this.#a;
    const top = a[0];
    const last = a.pop();
    if (top === undefined || last === undefined || a.length === 0) return top;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= a.length) break;
      if (down + 1 < a.length && before(a[down + 1] as T, a[down] as T)) down++;
      if (before(last, a[down] as T)) break;
      a[i] = a[down] as T;
      i = down;
    }
    a[i] = last;
    return top;
  }

  /** In the order in which they are due. */
  state(): T[] {
    return [...this.#a].sort((x, y) => x.due - y.due || x.seq - y.seq);
  }
}

const before = (a: Due, b: Due): boolean => a.due < b.due || (a.due === b.due && a.seq < b.seq);
