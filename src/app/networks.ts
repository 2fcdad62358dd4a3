/** Networks of ours from the configuration, as the enricher takes them. */
import type { Config } from '../config/schema.ts';
import type { NetworkEntry } from '../enrich/networks.ts';

export const networksOf = (config: Config): NetworkEntry[] =>
  config.networks.map((n) => ({
    cidr: n.cidr,
    ...(n.country === undefined ? {} : { country: n.country }),
    ...(n.place === undefined ? {} : { place: n.place }),
    ...(n.asn === undefined ? {} : { asn: n.asn }),
    ...(n.label === undefined ? {} : { label: n.label }),
  }));
