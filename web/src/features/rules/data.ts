/** Reading one rule and changing it. After a change the list and the rule are read again. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  ExceptionWhere,
  RuleDetail,
  RuleException,
  RuleMode,
  RuleTest,
  RuleVersionText,
} from '../../../../src/api/contract.ts';
import { del, get, post, put } from '../../data/client.ts';

const at = (id: string): string => `/rules/${encodeURIComponent(id)}`;

export const useRule = (id: string) =>
  useQuery({
    queryKey: ['rules', 'one', id],
    queryFn: ({ signal }) => get<RuleDetail>(at(id), {}, signal),
    enabled: id !== '',
  });

export const useVersion = (id: string, n: number) =>
  useQuery({
    queryKey: ['rules', 'version', id, n],
    queryFn: ({ signal }) => get<RuleVersionText>(`${at(id)}/versions/${n}`, {}, signal),
    enabled: n > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useTests = (id: string, wanted: boolean) =>
  useQuery({
    queryKey: ['rules', 'tests', id],
    queryFn: ({ signal }) => get<RuleTest[]>(`${at(id)}/tests`, {}, signal),
    enabled: wanted,
  });

export type NewException = {
  readonly title: string;
  readonly where: readonly ExceptionWhere[];
  readonly owner: string;
  readonly reason: string;
  readonly expiresAt: number;
};
export type RuleChange =
  | { readonly kind: 'mode'; readonly id: string; readonly mode: RuleMode; readonly reason: string }
  | { readonly kind: 'rollback'; readonly id: string; readonly version: number; readonly reason: string }
  | { readonly kind: 'accept'; readonly rules: readonly string[] | undefined }
  | { readonly kind: 'except'; readonly id: string; readonly exception: NewException }
  | { readonly kind: 'end'; readonly exception: string };

function send(c: RuleChange): Promise<unknown> {
  switch (c.kind) {
    case 'mode':
      return put<RuleDetail>(`${at(c.id)}/mode`, { mode: c.mode, reason: c.reason });
    case 'rollback':
      return post<RuleDetail>(`${at(c.id)}/rollback`, { version: c.version, reason: c.reason });
    case 'accept':
      return post<{ accepted: number }>('/rules/proposals', c.rules === undefined ? {} : { rules: c.rules });
    case 'except':
      return post<RuleException>(`${at(c.id)}/exceptions`, c.exception);
    case 'end':
      return del(`/exceptions/${encodeURIComponent(c.exception)}`);
  }
}

export function useChangeRule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () => client.invalidateQueries({ queryKey: ['rules'] }),
  });
}
