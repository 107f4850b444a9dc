// Node itself: its version, the machine it was made for, the native modules, the algorithms.

import { nodeVersionProblem } from '../../../config/node-version.js';
import { type Check, fail, judge, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { CommandResult, PreflightHost } from '../host.ts';

const PROCESS = ['process'] as const;
/** What the packages bring compiled code for. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64'];
const CHILD_TIMEOUT_MS = 20_000;

const SQLITE_PROGRAM = `
  const Sqlite = require('better-sqlite3');
  const answer = new Sqlite(':memory:').pragma('user_version', { simple: true });
  if (answer !== 0) throw new Error('answered ' + answer);
  process.stdout.write('it loads and answers');`;

const USEARCH_PROGRAM = `
  const { Index } = require('usearch');
  const index = new Index({ metric: 'cos', dimensions: 4, connectivity: 16 });
  index.add(7n, new Float32Array([1, 0, 0, 0]));
  const { keys } = index.search(new Float32Array([1, 0, 0, 0]), 1);
  if (keys[0] !== 7n) throw new Error('found another key');
  process.stdout.write('usearch finds what was added');`;

/** What keys, signatures, seals and certificates need; a FIPS build may refuse some of it. */
const CRYPTO_PROGRAM = `
  const c = require('node:crypto');
  const key = Buffer.alloc(32), wrong = [];
  const tries = {
    'AES-256-GCM': () => c.createCipheriv('aes-256-gcm', key, Buffer.alloc(12)).update('x'),
    Ed25519: () => c.sign(null, key, c.generateKeyPairSync('ed25519').privateKey),
    'ECDSA P-256': () => c.sign('sha256', key, c.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    HKDF: () => c.hkdfSync('sha256', key, key, 'x', 32),
    'TLS 1.3': () => { if (!c.getCiphers().includes('chacha20-poly1305') && !c.getCiphers().includes('aes-256-gcm')) throw 0; },
    random: () => c.randomBytes(32),
  };
  for (const [name, run] of Object.entries(tries)) try { run(); } catch { wrong.push(name); }
  process.stdout.write(wrong.length === 0 ? 'all there' + (c.getFips() ? ', FIPS mode' : '') : 'without ' + wrong.join(', '));
  process.exitCode = wrong.length === 0 ? 0 : 1;`;

export const NODE_CHECKS: readonly Check[] = [
  {
    id: 'node-version',
    title: 'Node is of a version the release runs on',
    severity: 'fail',
    runtimes: PROCESS,
    doc: 'The sources are run by Node itself, without a build; an older one cannot read them, a newer major has not been tested.',
    remedy: 'Install Node 24.12 or a later 24, or run the command through the Node of the release.',
    check: async ({ node }) =>
      nodeVersionProblem(node.version) === null
        ? pass(`Node ${node.version}`)
        : fail(`Node ${node.version}`),
  },
  {
    id: 'node-platform',
    title: 'The machine is one that the native packages are made for',
    severity: 'fail',
    runtimes: PROCESS,
    doc: 'SQLite and the search kernel come compiled, for Linux with glibc on x64 and arm64. Other systems serve for development.',
    remedy:
      'Use a Linux with glibc (Debian, Ubuntu, RHEL, SLES) on x64 or arm64, or the container runtime.',
    check: async ({ node }) => {
      const found = `${node.platform} ${node.arch}, ${node.glibc === null ? 'no glibc' : `glibc ${node.glibc}`}`;
      const right =
        node.platform === 'linux' && ARCHITECTURES.includes(node.arch) && node.glibc !== null;
      return right ? pass(found) : fail(found);
    },
  },
  {
    id: 'native-sqlite',
    title: 'The SQLite driver loads and answers',
    severity: 'fail',
    runtimes: PROCESS,
    doc: 'A driver compiled for another Node or another C library ends the process when it is loaded. It is tried in a process of its own.',
    remedy: 'Unpack the release anew for this machine (npm ci), with the Node that will run it.',
    check: (host, context) => runNode(host, context, SQLITE_PROGRAM),
  },
  {
    id: 'native-usearch',
    title: 'The search kernel loads and finds',
    severity: 'warn',
    runtimes: PROCESS,
    doc: 'Without the kernel identification falls back to a loop in JavaScript: right, but several times slower.',
    remedy: 'Unpack the release anew for this machine (npm ci), with the Node that will run it.',
    check: (host, context) => runNode(host, context, USEARCH_PROGRAM),
  },
  {
    id: 'crypto-algorithms',
    title: 'The algorithms that keys and signatures need are there',
    severity: 'fail',
    runtimes: PROCESS,
    doc: 'A hardened OpenSSL may refuse some. Templates are sealed with AES-256-GCM, devices sign with Ed25519 or ECDSA P-256.',
    remedy: 'Allow these algorithms in the OpenSSL configuration (OPENSSL_CONF) of the machine.',
    check: (host, context) => runNode(host, context, CRYPTO_PROGRAM),
  },
  {
    id: 'node-options',
    title: 'NODE_OPTIONS does not change how the server runs',
    severity: 'warn',
    runtimes: PROCESS,
    doc: 'Options in the environment reach every Node process: a debugger port opens the memory with its biometric templates to the machine, switched-off TLS checks open every connection.',
    remedy:
      'Remove the option from NODE_OPTIONS, or the variable, in the environment of the service.',
    check: async ({ env }) => {
      const options = env['NODE_OPTIONS'] ?? '';
      const complaints = [
        ...(/--inspect|--openssl-legacy|--tls-min-v1\.[01]|--insecure/.test(options)
          ? [`NODE_OPTIONS is ${JSON.stringify(options)}`]
          : []),
        ...(env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'
          ? ['NODE_TLS_REJECT_UNAUTHORIZED is 0, which switches off every check of certificates']
          : []),
      ];
      return judge(complaints, options === '' ? 'no NODE_OPTIONS' : `NODE_OPTIONS is ${options}`);
    },
  },
];

async function runNode(host: PreflightHost, { release }: PreflightContext, program: string) {
  // Resolved from the release's own packages; the program is a script, not a module, for `require`.
  const rooted = `process.chdir(${JSON.stringify(release.root)});
    require = require('node:module').createRequire(${JSON.stringify(`${release.root}/package.json`)});${program}`;
  const result = await host.run(host.node.execPath, ['-e', rooted], {
    timeoutMs: CHILD_TIMEOUT_MS,
  });
  if (result.code === 0) return pass(result.stdout.trim());
  if ((await host.stat(`${release.root}/node_modules`)) === null) {
    return skip(`the packages of ${release.root} are not installed yet`);
  }
  return fail(reasonOf(result));
}

function reasonOf({ code, stdout, stderr }: CommandResult): string {
  const line = stderr.split('\n').find((each) => /Error/.test(each)) ?? stdout;
  const ended = code === null ? 'the process was ended by a signal' : `exit code ${code}`;
  return line.trim() === '' ? ended : `${ended}: ${line.trim()}`;
}
