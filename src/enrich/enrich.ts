/**
 * Enrichment of one event: country of `source.ip` and `destination.ip` from an offline database, overridden by the
 * installation's own networks, and `network.direction`. Runs in the workers, is stored with the event and never
 * recomputed. Held by `enrich.int.test.ts`.
 *
 * - Own networks win over everything, a sender's own geo fields win over the database.
 * - Private and reserved addresses have no country unless a network of ours says so.
 * - `network.direction` is set where both addresses are known and the source said nothing. Ours are private ranges and
 *   the listed networks: internal (both), outbound, inbound, external (neither).
 * - The database is `@ip-location-db/geo-whois-asn-country-mmdb` (CC0): the country an address block is registered
 *   in. It has no ASN; ASN comes from own networks alone.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Reader, type Response } from 'maxmind';
import type { EventFields } from '../model/event.ts';
import { ipBytes } from '../model/ip.ts';
import {
  type NetworkEntry,
  type NetworkTable,
  networkTable,
  type Special,
  specialTable,
} from './networks.ts';

/** Addresses remembered per generation; at most twice as many are held. */
export const CACHE_ADDRESSES_MAX = 20_000;
const DATABASE = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';

export type EnrichOptions = {
  /** Path of an mmdb with `country_code`; the packaged one by default, '' for none. */
  readonly mmdbPath?: string;
  readonly networks: readonly NetworkEntry[];
};

/** What is known of the database in use, for `status` and the docs page. */
export type EnricherInfo = {
  readonly path: string;
  /** Microseconds; 0 where there is no database. */
  readonly built: number;
  /** Why there is none, '' otherwise. */
  readonly problem: string;
  readonly networks: number;
};

export type Enricher = { (fields: EventFields): void; readonly info: EnricherInfo };

type Country = Response & { readonly country_code?: string };
type Place = {
  readonly country: string | undefined;
  readonly network: NetworkEntry | undefined;
  readonly ours: boolean;
};

/** Builds an enricher. A missing or broken database is reported in `info`, never thrown; a wrong network entry throws. */
export function makeEnricher(opts: EnrichOptions): Enricher {
  const networks = networkTable(opts.networks.map((n) => [n.cidr, n] as const));
  const db = openDatabase(opts.mmdbPath);
  const place = cached(placeFinder(networks, specialTable(), db.reader));
  const enrich = (fields: EventFields): void => {
    const from = side(fields, 'source', place);
    const to = side(fields, 'destination', place);
    if (from === undefined || to === undefined || fields.has('network.direction')) return;
    fields.set(
      'network.direction',
      from.ours ? (to.ours ? 'internal' : 'outbound') : to.ours ? 'inbound' : 'external',
    );
  };
  const info: EnricherInfo = { path: db.path, built: db.built, problem: db.problem, networks: networks.size };
  return Object.assign(enrich, { info });
}

/** The database and list that an enricher uses. */
export const enricherInfo = (enricher: Enricher): EnricherInfo => enricher.info;

type Database = {
  readonly reader: Reader<Country> | undefined;
  readonly path: string;
  readonly built: number;
  readonly problem: string;
};

function openDatabase(given: string | undefined): Database {
  if (given === '') return { reader: undefined, path: '', built: 0, problem: 'switched off' };
  let path = given ?? DATABASE;
  try {
    path = given ?? createRequire(import.meta.url).resolve(DATABASE);
    const reader = new Reader<Country>(readFileSync(path));
    return { reader, path, built: reader.metadata.buildEpoch.getTime() * 1000, problem: '' };
  } catch (cause) {
    // Countries are a convenience: without the database events are stored as they are, and `status` says why.
    return {
      reader: undefined,
      path,
      built: 0,
      problem: cause instanceof Error ? cause.message : String(cause),
    };
  }
}

const placeFinder =
  (
    networks: NetworkTable<NetworkEntry>,
    special: NetworkTable<Special>,
    reader: Reader<Country> | undefined,
  ) =>
  (ip: string): Place => {
    const bytes = ipBytes(ip);
    if (bytes === undefined) return { country: undefined, network: undefined, ours: false };
    const network = networks.lookup(bytes);
    const kind = special.lookup(bytes);
    const ours = network !== undefined || kind === 'private';
    if (network !== undefined || kind !== undefined) return { country: undefined, network, ours };
    const code = reader?.get(ip)?.country_code;
    return { country: typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : undefined, network, ours };
  };

/** Two generations: what is asked again survives, memory stays bounded, nothing is timed. */
function cached(find: (ip: string) => Place): (ip: string) => Place {
  let young = new Map<string, Place>();
  let old = new Map<string, Place>();
  return (ip) => {
    let hit = young.get(ip);
    if (hit !== undefined) return hit;
    hit = old.get(ip) ?? find(ip);
    if (young.size >= CACHE_ADDRESSES_MAX) {
      old = young;
      young = new Map();
    }
    young.set(ip, hit);
    return hit;
  };
}

const NAMES = {
  source: {
    ip: 'source.ip',
    country: 'source.geo.country_iso_code',
    place: 'source.geo.name',
    asn: 'source.as.number',
    org: 'source.as.organization.name',
    label: 'source.network.name',
  },
  destination: {
    ip: 'destination.ip',
    country: 'destination.geo.country_iso_code',
    place: 'destination.geo.name',
    asn: 'destination.as.number',
    org: 'destination.as.organization.name',
    label: 'destination.network.name',
  },
} as const;

function side(
  fields: EventFields,
  which: keyof typeof NAMES,
  place: (ip: string) => Place,
): Place | undefined {
  const names = NAMES[which];
  const ip = fields.get(names.ip);
  if (typeof ip !== 'string') return undefined;
  const at = place(ip);
  if (at.network !== undefined) own(fields, names, at.network);
  else if (at.country !== undefined && !fields.has(names.country)) fields.set(names.country, at.country);
  return at;
}

function own(fields: EventFields, names: (typeof NAMES)[keyof typeof NAMES], n: NetworkEntry): void {
  if (n.country !== undefined) fields.set(names.country, n.country);
  if (n.place !== undefined) fields.set(names.place, n.place);
  if (n.label !== undefined) fields.set(names.label, n.label);
  if (n.asn === undefined) return;
  fields.set(names.asn, n.asn);
  if (n.label !== undefined) fields.set(names.org, n.label);
}
