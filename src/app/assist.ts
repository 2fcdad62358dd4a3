/** Highlighting and completion for the search bar: the one grammar, asked over the API. Held by `assist.test.ts`. */
import type { SearchAssist } from '../api/contract.ts';
import type { Lists } from '../condition/tree.ts';
import { complete } from '../query/complete.ts';
import { tokensOfQuery } from '../query/parse.ts';

export function assist(query: string, cursor: number, env: { now: number; lists: Lists }): SearchAssist {
  return {
    tokens: tokensOfQuery(query, env),
    completions: complete(query, cursor, { lists: env.lists.keys() }),
  };
}
