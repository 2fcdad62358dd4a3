/**
 * The one schema of `vigil.yaml` and of the environment. Each setting's name, bounds, default and explanation stand here
 * and nowhere else; `docs/CONFIG.md` is generated from it (`npm run vigil -- config reference`), held by `config.test.ts`.
 */
import { z } from 'zod';
import { RETENTION_DEFAULT } from '../model/retention.ts';

const port = z.int().min(0).max(65535);
const host = z.string().min(1).max(255);
/** An IANA zone that this Node knows. A mistyped one would silently count as UTC. */
const zone = z
  .string()
  .default('')
  .refine((name) => name === '' || isZone(name), {
    error: (issue) => `no time zone is called '${String(issue.input)}'`,
  });
/** A secret is never written in the file itself: it names an environment variable or a file. */
const secret = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
]);
export type SecretRef = z.infer<typeof secret>;

const tlsFiles = z.strictObject({
  cert: z.string().describe('PEM certificate chain, path'),
  key: z.string().describe('PEM key, path'),
});

export const ConfigSchema = z.strictObject({
  data: z
    .string()
    .min(1)
    .default('data')
    .describe('Data folder. Relative to the folder that Vigil is started in.'),
  node: z
    .int()
    .min(1)
    .max(65535)
    .default(1)
    .describe('Number of this node; part of every event id. Never change it later.'),
  user: z.string().default('').describe('Started as root: run as this user once the ports are open.'),
  zone: zone.describe("IANA time zone of stamps without one. Default: the machine's."),
  workers: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe('Parsing threads; 0 means one less than the processors, at least 1.'),
  console: z
    .strictObject({
      host: host.default('127.0.0.1').describe('Address of the console and API.'),
      port: port.default(8440).describe('Port of the console and API.'),
      hosts: z
        .array(host)
        .default([])
        .describe('Names under which people reach the console, besides loopback names.'),
      tls: tlsFiles.optional().describe('Certificate; without one an own certificate is made off loopback.'),
      insecure: z
        .boolean()
        .default(false)
        .describe('Allow plain HTTP off loopback. `vigil status` warns of it.'),
    })
    .prefault({}),
  syslog: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Listen for syslog over UDP and TCP.'),
      host: host.default('127.0.0.1').describe('Address to listen on; off loopback set `allow` as well.'),
      port: port.default(5514).describe('Port of syslog over UDP and TCP.'),
      tlsPort: port.default(6514).describe('Port of syslog over TLS (RFC 5425); 0 switches it off.'),
      tls: z
        .strictObject({
          ...tlsFiles.shape,
          clientCa: z
            .string()
            .default('')
            .describe('PEM of the CA that client certificates must come from; empty: none is asked for'),
        })
        .optional()
        .describe('Certificate of the TLS port; without one an own certificate is made.'),
      allow: z.array(z.string()).default([]).describe('CIDR ranges that may send from off loopback.'),
    })
    .prefault({}),
  collect: z
    .strictObject({
      hostLogs: z
        .boolean()
        .default(true)
        .describe("Collect this machine's own logs (journal, auth, audit, nginx, apache)."),
      files: z
        .array(
          z.strictObject({
            path: z.string().min(1),
            source: z.string().default(''),
            zone,
          }),
        )
        .max(200)
        .default([])
        .describe('Further files to follow.'),
    })
    .prefault({}),
  rules: z
    .string()
    .default('rules')
    .describe('Folder of your own Sigma rules, inside the data folder unless absolute.'),
  lists: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
      z.strictObject({
        kind: z.enum(['text', 'domain', 'cidr', 'issuer']),
        values: z.array(z.string()).max(50_000),
      }),
    )
    .default({})
    .describe('Lists by name, set at the first start (later the console keeps them).'),
  networks: z
    .array(
      z.strictObject({
        cidr: z.string().describe('Range'),
        country: z.string().length(2).optional(),
        place: z.string().optional(),
        asn: z.int().optional(),
        label: z.string().optional(),
      }),
    )
    .max(10_000)
    .default([])
    .describe('Networks of ours: their country, place, ASN and label override geo data.'),
  retention: z
    .strictObject({
      auth: z
        .int()
        .min(1)
        .max(36_500)
        .default(RETENTION_DEFAULT.auth)
        .describe('Days authentication events are kept.'),
      network: z
        .int()
        .min(1)
        .max(36_500)
        .default(RETENTION_DEFAULT.network)
        .describe('Days network events are kept.'),
      app: z
        .int()
        .min(1)
        .max(36_500)
        .default(RETENTION_DEFAULT.app)
        .describe('Days application events are kept.'),
      evidence: z
        .int()
        .min(1)
        .max(36_500)
        .default(RETENTION_DEFAULT.evidence)
        .describe('Days certificate and key events are kept.'),
      demo: z
        .int()
        .min(1)
        .max(36_500)
        .default(RETENTION_DEFAULT.demo)
        .describe("Days the demo's events are kept."),
    })
    .prefault({}),
  journal: z
    .strictObject({
      megabytesMax: z
        .int()
        .min(16)
        .max(1_000_000)
        .default(4096)
        .describe('Bound of the receive journal on disk; full means 503, pause or counted drops.'),
    })
    .prefault({}),
  store: z
    .strictObject({
      memoryMegabytes: z
        .int()
        .min(512)
        .max(1_000_000)
        .default(1024)
        .describe("Ceiling of the embedded engine's memory."),
      url: z.string().default('').describe('URL of a ClickHouse server; empty: the embedded engine.'),
      user: z.string().default('vigil').describe('Account for writing at the ClickHouse server.'),
      password: secret.optional().describe('Its password.'),
      queryUser: z.string().default('vigil_search').describe('Restricted account for searches.'),
      queryPassword: secret.optional().describe('Its password.'),
    })
    .prefault({}),
  notify: z
    .strictObject({
      link: z
        .string()
        .default('')
        .describe('Address of the console in notifications. Default: the one it listens on.'),
      webhook: z
        .strictObject({
          url: z.url().describe('Where alerts are POSTed as JSON.'),
          secret: secret.describe('Key of the HMAC-SHA-256 signature.'),
          allowPrivate: z.boolean().default(false).describe('Allow private and loopback addresses.'),
        })
        .optional(),
      smtp: z
        .strictObject({
          host: host.describe('Mail server.'),
          port: port.default(587).describe('Port.'),
          secure: z.boolean().default(false).describe('TLS from the first byte (port 465).'),
          allowPrivate: z
            .boolean()
            .default(false)
            .describe('Allow a mail server at a private or loopback address.'),
          user: z.string().default('').describe('Account; empty: none.'),
          password: secret.optional().describe('Its password.'),
          from: z.string().describe('Sender address.'),
          to: z.array(z.string()).min(1).max(50).describe('Recipients.'),
        })
        .optional(),
    })
    .prefault({}),
});
export type Config = z.infer<typeof ConfigSchema>;

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
