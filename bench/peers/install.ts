/**
 * Fetches the peers from their registries into a folder outside the tree: rsigma's crates (built here) and pySigma (in a
 * virtual environment). What cannot be had on this machine is skipped by name, and exit code 0 says so; with `--strict` it
 * is 1. What is there already is kept.
 *
 * `node bench/peers/install.ts [FOLDER]` (default: VIGIL_PEERS or a temporary folder)
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../../src/base/result.ts';
import { findPeer, HERE, PEERS, type PeerName, peersDir, run } from './peers.ts';

/** Building the crates takes 160 s of CPU; a registry that hangs must not hold up everything. */
const BUILD_MS_MAX = 240_000;
const PIP_MS_MAX = 120_000;
const PACKAGES = ['pysigma==2.0.1', 'pysigma-backend-sqlite==2.1.1'];

const strict = process.argv.includes('--strict');
const dir = process.argv.slice(2).find((a) => !a.startsWith('-')) ?? peersDir();
mkdirSync(dir, { recursive: true });

const INSTALL: Readonly<Record<PeerName, () => Promise<unknown>>> = {
  rsigma: () =>
    run(
      'cargo',
      ['install', '--locked', '--quiet', '--path', join(HERE, 'rsigma'), '--root', join(dir, 'rsigma')],
      {
        msMax: BUILD_MS_MAX,
        env: { CARGO_TARGET_DIR: join(dir, 'target') },
      },
    ),
  pysigma: async () => {
    const venv = join(dir, 'venv');
    await run('python3', ['-m', 'venv', venv], { msMax: PIP_MS_MAX });
    await run(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
      msMax: PIP_MS_MAX,
    });
  },
};

/** False where the peer cannot be had. */
async function install(name: PeerName): Promise<boolean> {
  const began = Date.now();
  // A folder of a run that was cut short has Python, but not pySigma.
  const whole = name === 'rsigma' || existsSync(join(dir, 'venv/bin/sigma-installed'));
  if (whole && findPeer(name, dir) !== undefined) {
    console.log(`${name}: is there (${dir})`);
    return true;
  }
  try {
    await INSTALL[name]();
    if (name === 'pysigma') await run('touch', [join(dir, 'venv/bin/sigma-installed')], { msMax: 5000 });
    console.log(`${name}: installed in ${((Date.now() - began) / 1000).toFixed(0)} s (${dir})`);
    return true;
  } catch (e) {
    console.log(`skipped: ${name} cannot be installed here: ${errorText(e).slice(0, 500)}`);
    return false;
  }
}

const missing = (await Promise.all(PEERS.map(install))).filter((there) => !there).length;
process.exitCode = strict && missing > 0 ? 1 : 0;
