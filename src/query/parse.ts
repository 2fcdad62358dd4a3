/**
 * Query text to `Query`: a filter (`src/condition/language/parse.ts`), then pipes.
 *
 *   query = [filter] { "|" pipe }
 *
 * Bad text gives an error with its place, what was expected there and, where there is one, a suggestion. Never throws;
 * length, depth, terms, pipes and searches are bounded. Held by `parse.test.ts` and `print.prop.test.ts`.
 */
import type { Result } from '../base/result.ts';
import type { QueryError, Token } from '../condition/language/grammar.ts';
import { FilterParser, parsing } from '../condition/language/parse.ts';
import type { ParseOptions } from '../condition/language/reading.ts';
import type { Scanner } from '../condition/language/scan.ts';
import { parsePipe } from './parse-pipe.ts';
import type { Pipe } from './pipes/pipe.ts';
import type { Query, Subquery } from './query.ts';

/** Most searches within a search. */
export const SUBSEARCHES_MAX = 3;
/** Most pipes of a query, with those of its subsearches. */
export const QUERY_PIPES_MAX = 10;

export function parseQuery(text: string, options: ParseOptions): Result<Query, QueryError> {
  return parsing(text, (s) => new QueryParser(s, options).query());
}

/** What the text is made of, for highlighting; of a broken one, as far as it was understood. */
export function tokensOfQuery(text: string, options: ParseOptions): readonly Token[] {
  let seen: readonly Token[] = [];
  parsing(text, (s) => {
    seen = s.tokens;
    return new QueryParser(s, options).query();
  });
  return seen;
}

class QueryParser {
  readonly #s: Scanner;
  readonly #options: ParseOptions;
  readonly #filters: FilterParser;
  #pipes = 0;
  #searches = 0;

  constructor(s: Scanner, options: ParseOptions) {
    this.#s = s;
    this.#options = options;
    this.#filters = new FilterParser(s, options);
  }

  query(): Query {
    const s: Scanner = this.#s;
    const body = this.#body();
    s.space();
    if (!s.done)
      s.fail(`${s.found()}, which nothing before it opens`, ['AND', 'OR', '|', 'the end of the query']);
    return { ...body, hints: this.#filters.hints, tokens: s.tokens };
  }

  #body(): Subquery {
    const s: Scanner = this.#s;
    const filter = this.#filters.filter();
    const pipes: Pipe[] = [];
    while (s.take('|')) {
      if (++this.#pipes > QUERY_PIPES_MAX) s.fail(`at most ${QUERY_PIPES_MAX} pipes`, ['a shorter query']);
      pipes.push(parsePipe(s, { ...this.#options, subsearch: () => this.#subsearch() }));
    }
    return { filter, pipes };
  }

  /** Behind `(search`, up to the closing parenthesis, which stays. */
  #subsearch(): Subquery {
    const s: Scanner = this.#s;
    if (++this.#searches > SUBSEARCHES_MAX)
      s.fail(`at most ${SUBSEARCHES_MAX} searches within a search`, ['a shorter query']);
    const before = s.nested;
    s.nested = true;
    const body = this.#body();
    s.nested = before;
    return body;
  }
}
