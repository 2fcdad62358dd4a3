/** Who is signed in and which tenant is looked at. The tenant is in the URL; without one it is the user's default. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { createContext, useContext } from 'react';
import type { Me, PublicStatus } from '../../../src/api/contract.ts';
import { get } from './client.ts';

export const MeContext = createContext<Me | null>(null);

/** Only below the signed-in shell. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error('useMe is for pages of a signed-in person');
  return me;
}

export function useTenant(): string {
  const me = useMe();
  const wanted = useSearch({ strict: false, select: (s) => s.tenant });
  return me.tenants.some((t) => t.id === wanted) ? (wanted as string) : me.defaultTenant;
}

export const useMeQuery = () =>
  useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => get<Me>('/session', {}, signal),
    retry: false,
    staleTime: 60_000,
  });

export const usePublicStatus = () =>
  useQuery({
    queryKey: ['public'],
    queryFn: ({ signal }) => get<PublicStatus>('/status/public', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
