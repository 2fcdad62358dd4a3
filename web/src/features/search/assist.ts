/** Highlighting and completion while somebody types: asked of the server, where the one grammar is. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { SearchAssist } from '../../../../src/api/contract.ts';
import { post } from '../../data/client.ts';

/** Milliseconds without a key before the server is asked. */
const PAUSE_MS = 80;

export type Assisted = {
  /** What `assist` was made for; positions hold for this text only. */
  readonly text: string;
  readonly cursor: number;
  readonly assist: SearchAssist;
};

export function useAssist(text: string, cursor: number): Assisted | undefined {
  const [asked, setAsked] = useState({ text, cursor });
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ text, cursor }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, cursor]);
  const q = useQuery({
    queryKey: ['assist', asked.text, asked.cursor],
    queryFn: async ({ signal }): Promise<Assisted> => ({
      ...asked,
      assist: await post<SearchAssist>('/search/assist', { query: asked.text, cursor: asked.cursor }, signal),
    }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    retry: false,
  });
  return q.data;
}
