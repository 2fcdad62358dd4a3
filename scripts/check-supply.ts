/**
 * `node scripts/check-supply.ts`: what is installed is what was looked at. Every entry of package-lock.json has an
 * integrity and comes from the npm registry, package.json names exact versions, every licence is on the list in
 * licences.json with its reason, install scripts belong to a named few, and what stands in node_modules (where there is
 * one) says the same as the lock. Held by `check-supply.test.ts`, which plants each violation.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish, isMain, type Report } from './check-report.ts';

const REGISTRY = 'registry.npmjs.org';
const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
/** An sha512 in base64, as npm writes it; weaker hashes are refused. */
const INTEGRITY = /^sha512-[A-Za-z0-9+/]{86}==$/;

type Entry = {
  version?: string;
  resolved?: string;
  integrity?: string;
  license?: string;
  hasInstallScript?: boolean;
  link?: boolean;
};
type Lock = { lockfileVersion?: number; packages?: Record<string, Entry> };
type Manifest = { version?: string; license?: string; scripts?: Record<string, string> };
type Root = Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string> | undefined
>;
type Policy = {
  /** Licence expression -> why. */
  allowed: Record<string, string>;
  /** `name@version` -> why its licence is fine although the lock does not say an allowed one. */
  packages: Record<string, string>;
  /** Package name -> why its install script may be there. */
  installScripts: Record<string, string>;
};

export function checkSupply(root: string): Report {
  const lock = read<Lock>(root, 'package-lock.json');
  const policy = read<Policy>(root, 'scripts/licences.json');
  const entries = Object.entries(lock.packages ?? {}).filter(([path]) => path !== '');
  const problems: string[] = [];
  if (entries.length === 0) problems.push('package-lock.json: no packages found: the check has read nothing');
  problems.push(...checkManifest(root, lock));
  for (const [path, e] of entries)
    problems.push(...checkEntry(path, e, policy), ...checkInstalled(root, path, e));
  problems.push(...unused(policy, entries));
  return {
    problems,
    summary: `supply: ${entries.length} packages, ${Object.keys(policy.allowed).length} licences`,
  };
}

function checkManifest(root: string, lock: Lock): string[] {
  const out: string[] = [];
  const manifest = read<Root>(root, 'package.json');
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
    for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
      if (!EXACT.test(version)) out.push(`package.json: ${name} '${version}' is not an exact version`);
      const locked = lock.packages?.[`node_modules/${name}`]?.version;
      if (EXACT.test(version) && locked !== version) {
        out.push(
          `package-lock.json: ${name} is ${locked ?? 'missing'}, package.json says ${version}; run npm install and look at the change`,
        );
      }
    }
  }
  return out;
}

const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

function checkEntry(path: string, e: Entry, policy: Policy): string[] {
  const out: string[] = [];
  const name = nameOf(path);
  const at = `package-lock.json: ${path}`;
  if (e.link === true) out.push(`${at}: a link, not a package`);
  if (!INTEGRITY.test(e.integrity ?? '')) out.push(`${at}: no sha512 integrity`);
  if (e.resolved !== undefined && !fromRegistry(e.resolved))
    out.push(`${at}: comes from ${e.resolved}, not from https://${REGISTRY}`);
  const known =
    Object.hasOwn(policy.allowed, e.license ?? '') || Object.hasOwn(policy.packages, `${name}@${e.version}`);
  if (!known) out.push(`${at}: licence '${e.license ?? 'none'}' is not in scripts/licences.json`);
  if (e.hasInstallScript === true && !Object.hasOwn(policy.installScripts, name)) {
    out.push(`${at}: has an install script and is not named in scripts/licences.json`);
  }
  return out;
}

function fromRegistry(resolved: string): boolean {
  if (!URL.canParse(resolved)) return false;
  const url = new URL(resolved);
  return url.protocol === 'https:' && url.host === REGISTRY && url.username === '';
}

/** Packages for other platforms are in the lock and not on the disk. */
function checkInstalled(root: string, path: string, e: Entry): string[] {
  const file = join(path, 'package.json');
  if (!existsSync(join(root, file))) return [];
  const m = read<Manifest>(root, file);
  const out: string[] = [];
  if (m.version !== e.version)
    out.push(`${file}: version ${m.version}, the lock says ${e.version}; run npm ci`);
  if (typeof m.license === 'string' && m.license !== e.license)
    out.push(`${file}: licence '${m.license}', the lock says '${e.license}'`);
  const hooks = ['preinstall', 'install', 'postinstall'].filter((s) => m.scripts?.[s] !== undefined);
  if (hooks.length > 0 && e.hasInstallScript !== true)
    out.push(`${file}: has ${hooks.join(', ')}, which the lock does not say`);
  return out;
}

/** A permission that nothing needs is taken back. */
function unused(policy: Policy, entries: readonly (readonly [string, Entry])[]): string[] {
  const has = (use: (name: string, e: Entry) => boolean): boolean =>
    entries.some(([path, e]) => use(nameOf(path), e));
  return [
    ...Object.keys(policy.packages).filter((p) => !has((name, e) => p === `${name}@${e.version}`)),
    ...Object.keys(policy.installScripts).filter(
      (p) => !has((name, e) => p === name && e.hasInstallScript === true),
    ),
  ].map((p) => `scripts/licences.json: ${p} is named, and no such package is in the lock`);
}

const read = <T>(root: string, path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

if (isMain(import.meta.url)) finish(checkSupply(join(import.meta.dirname, '..')));
