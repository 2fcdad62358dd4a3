/** The reads that more than one page needs. Keys start with what they are, so that live changes can refresh them. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type {
  EventDetail,
  FieldInfo,
  LedgerReport,
  Overview,
  RuleList,
  RuleSummary,
  SenderInfo,
  Status,
} from '../../../src/api/contract.ts';
import type { Resolved } from '../lib/time-range.ts';
import { get } from './client.ts';

export const useOverview = (tenant: string, range: Resolved, refetchMs: number | false) =>
  useQuery({
    queryKey: ['overview', tenant, range.from, range.to],
    queryFn: ({ signal }) => get<Overview>('/overview', { tenant, from: range.from, to: range.to }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs,
  });

export const useSenders = (tenant: string) =>
  useQuery({
    queryKey: ['senders', tenant],
    queryFn: ({ signal }) => get<SenderInfo[]>('/senders', { tenant }, signal),
    refetchInterval: 5000,
  });

export const useLedger = (tenant: string, range: Resolved) =>
  useQuery({
    queryKey: ['ledger', tenant, range.from, range.to],
    queryFn: ({ signal }) => get<LedgerReport>('/ledger', { tenant, from: range.from, to: range.to }, signal),
    placeholderData: keepPreviousData,
  });

export const useStatus = () =>
  useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => get<Status>('/status', {}, signal),
    refetchInterval: 15_000,
  });

export const useRules = () =>
  useQuery({
    queryKey: ['rules'],
    queryFn: ({ signal }) => get<RuleList>('/rules', {}, signal),
    staleTime: 15_000,
  });

export const useRuleSummary = () =>
  useQuery({
    queryKey: ['rules', 'summary'],
    queryFn: ({ signal }) => get<RuleSummary>('/rule-summary', {}, signal),
    refetchInterval: 60_000,
  });

export const useFields = () =>
  useQuery({
    queryKey: ['fields'],
    queryFn: ({ signal }) => get<FieldInfo[]>('/fields', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useEvent = (tenant: string, id: string) =>
  useQuery({
    queryKey: ['event', tenant, id],
    queryFn: ({ signal }) => get<EventDetail>(`/events/${encodeURIComponent(id)}`, { tenant }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
