// One machine on which each check of the machine itself fails, and one on which it passes.

import { chmodSync, mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { realPreflightHost } from '../../../installer/preflight/index.ts';
import { type Case, commandsSaying, filesSaying, ROOT, temporaryHome } from './machine.ts';

export interface CheckCases {
  passes: () => Case;
  fails: () => Case;
  /** What the failure must say. */
  says: RegExp;
}

const real = realPreflightHost({});
const DAY_MS = 86_400_000;
const broken = (): Case => ({
  host: { node: { ...real.node, execPath: '/bin/false' } },
  context: { release: { version: '0.1.0', root: ROOT, migrations: [] } },
});

export const MACHINE_CASES: Readonly<Record<string, CheckCases>> = {
  'node-version': {
    passes: () => ({}),
    fails: () => ({ host: { node: { ...real.node, version: '22.9.0' } } }),
    says: /Node 22\.9\.0/,
  },
  'node-platform': {
    passes: () => ({ host: { node: { ...real.node, platform: 'linux', glibc: '2.36' } } }),
    fails: () => ({ host: { node: { ...real.node, glibc: null } } }),
    says: /no glibc/,
  },
  'native-sqlite': { passes: () => ({}), fails: broken, says: /exit code 1/ },
  'native-usearch': { passes: () => ({}), fails: broken, says: /exit code 1/ },
  'crypto-algorithms': { passes: () => ({}), fails: broken, says: /exit code 1/ },
  'node-options': {
    passes: () => ({ env: { NODE_OPTIONS: '--max-old-space-size=512' } }),
    fails: () => ({ env: { NODE_OPTIONS: '--inspect=0.0.0.0' } }),
    says: /--inspect/,
  },
  'cpu-cores': {
    passes: () => ({ host: { machine: () => ({ ...real.machine(), cpus: 2 }) } }),
    fails: () => ({ host: { machine: () => ({ ...real.machine(), cpus: 1 }) } }),
    says: /^1 core$/,
  },
  'cpu-load': {
    passes: () => ({ host: filesSaying({ '/proc/loadavg': '0.10 0.20 0.30 1/100 1\n' }) }),
    fails: () => ({ host: filesSaying({ '/proc/loadavg': '90.0 999.0 90.0 1/100 1\n' }) }),
    says: /load of 999/,
  },
  'memory-free': {
    passes: () => ({ host: filesSaying({ '/proc/meminfo': 'MemAvailable:    2097152 kB\n' }) }),
    fails: () => ({
      home: homeWithDatabase(40_000),
      host: filesSaying({ '/proc/meminfo': 'MemAvailable:    524288 kB\n' }),
    }),
    says: /512 MiB available, 579\.3 MiB needed for 40000 templates/,
  },
  'memory-swap': {
    passes: () => ({
      host: filesSaying({ '/proc/swaps': 'Filename Type\n/dev/zram0 partition\n' }),
    }),
    fails: () => ({ host: filesSaying({ '/proc/swaps': 'Filename Type\n/swap.img file 1\n' }) }),
    says: /\/swap\.img/,
  },
  'memory-overcommit': {
    passes: () => ({ host: filesSaying({ '/proc/sys/vm/overcommit_memory': '0\n' }) }),
    fails: () => ({ host: filesSaying({ '/proc/sys/vm/overcommit_memory': '2\n' }) }),
    says: /is 2/,
  },
  'data-dir-writable': {
    passes: () => ({}),
    fails: () => ({ host: { canWrite: async () => false } }),
    says: /no permission to write/,
  },
  'data-dir-owner': {
    passes: () => ({ home: temporaryHome({ 'data/sallyport.db': '' }) }),
    fails: () => ({
      home: temporaryHome({ 'data/sallyport.db': '' }),
      host: {
        stat: async (path) => {
          const facts = await real.stat(path);
          return facts === null || !path.endsWith('.db') ? facts : { ...facts, uid: 4242 };
        },
      },
    }),
    says: /sallyport\.db to user 4242/,
  },
  'filesystem-local': {
    passes: () => ({ host: filesystem({ type: 0xef53 }) }),
    fails: () => ({ host: filesystem({ type: 0x6969 }) }),
    says: /is NFS/,
  },
  'home-executable': {
    passes: () => ({ host: filesSaying({ '/proc/mounts': '/dev/sda1 / ext4 rw,relatime 0 0\n' }) }),
    fails: () => ({
      host: filesSaying({
        '/proc/mounts': '/dev/sda1 / ext4 rw 0 0\ntmp /tmp ext4 rw,nosuid,noexec 0 0\n',
      }),
    }),
    says: /\/tmp, on which .+ is mounted noexec/,
  },
  'disk-space': {
    passes: () => ({ host: filesystem({ bytesFree: 50e9 }) }),
    fails: () => ({ host: filesystem({ bytesFree: 1e9 }) }),
    says: /953\.7 MiB free/,
  },
  'disk-inodes': {
    passes: () => ({ host: filesystem({ inodesTotal: 1e6, inodesFree: 9e5 }) }),
    fails: () => ({ host: filesystem({ inodesTotal: 1e6, inodesFree: 12 }) }),
    says: /12 inodes free/,
  },
  'disk-fullness': {
    passes: () => ({ host: filesystem({ bytesTotal: 100e9, bytesFree: 50e9 }) }),
    fails: () => ({ host: filesystem({ bytesTotal: 100e9, bytesFree: 5e9 }) }),
    says: /95 % of/,
  },
  'disk-sync-slow': {
    passes: () => ({ host: { measureSync: async () => [2, 4.9, 90] } }),
    fails: () => ({ host: { measureSync: async () => [1, 5.5, 6] } }),
    says: /median 5\.5 ms.*up to 5 ms expected with sqlite/,
  },
  'disk-sync-honest': {
    passes: () => ({ host: { measureSync: async () => [0.4, 0.5, 0.6] } }),
    fails: () => ({ host: { measureSync: async () => [0.001, 0.002, 0.003] } }),
    says: /median 0\.0020 ms/,
  },
  'clock-sane': {
    passes: () => ({}),
    fails: () => {
      const home = temporaryHome({ 'data/sallyport.db': '' });
      const tomorrow = new Date(Date.now() + DAY_MS);
      utimesSync(join(home, 'data/sallyport.db'), tomorrow, tomorrow);
      return { home };
    },
    says: /sallyport\.db is from/,
  },
  'clock-synchronised': {
    passes: () => ({ host: commandsSaying({ timedatectl: { stdout: 'yes\n' } }) }),
    fails: () => ({ host: commandsSaying({ timedatectl: { stdout: 'no\n' } }) }),
    says: /not synchronised/,
  },
  'time-zone': {
    passes: () => ({ env: { TZ: 'Europe/Berlin' } }),
    fails: () => ({ env: { TZ: 'Europe/Berlinn' } }),
    says: /Berlinn/,
  },
  systemd: {
    passes: () => ({ target: { supervisor: 'systemd' }, host: systemd('running') }),
    fails: () => ({ target: { supervisor: 'systemd' }, host: systemd('offline') }),
    says: /offline/,
  },
  'open-files': {
    passes: () => ({ settings: { 'gateway.connections_max': '100' } }),
    fails: () => ({
      host: filesSaying({ '/proc/self/limits': 'Max open files   1024   4096   files\n' }),
    }),
    says: /4096 open files allowed, 11024 needed/,
  },
  'not-root': {
    passes: () => ({ target: { user: 'sallyport' } }),
    fails: () => ({ host: { machine: () => ({ ...real.machine(), uid: 0 }) } }),
    says: /as root/,
  },
  'service-user': {
    passes: () => ({ target: { user: 'nobody', home: '/opt/sallyport' } }),
    fails: () => ({ target: { user: 'nobody-of-this-name' } }),
    says: /no user nobody-of-this-name/,
  },
  'security-module': {
    passes: () => ({ target: { home: '/opt/sallyport' }, host: selinux('1') }),
    fails: () => ({ target: { home: '/srv2/box' }, host: selinux('1') }),
    says: /enforcing/,
  },
  'secrets-mode': {
    passes: () => ({ home: temporaryHome({ 'secrets/key': 'x' }) }),
    fails: () => ({ home: temporaryHome({ 'secrets/key': 'x' }, 0o644) }),
    says: /secrets\/key \(mode 644\)/,
  },
  'config-mode': {
    passes: () => ({ context: { configFiles: [configFile(0o644)] } }),
    fails: () => ({ context: { configFiles: [configFile(0o666)] } }),
    says: /\(mode 666\)/,
  },
  'data-dir-mode': {
    passes: () => ({ home: temporaryHome({ 'data/x': '' }) }),
    fails: () => {
      const home = temporaryHome({ 'data/x': '' });
      chmodSync(join(home, 'data'), 0o755);
      return { home };
    },
    says: /mode 755/,
  },
};

/** A real SQLite file with as many rows as templates are wanted. */
export function homeWithDatabase(templates: number, migrations: readonly string[] = []): string {
  const home = temporaryHome();
  mkdirSync(join(home, 'data'), { mode: 0o700 });
  const db = new Sqlite(join(home, 'data/sallyport.db'));
  db.exec('create table template (id integer); create table knex_migrations (name text)');
  db.exec(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${templates})
    insert into template select i from n where ${templates} > 0`);
  for (const name of migrations) db.prepare('insert into knex_migrations values (?)').run(name);
  db.close();
  return home;
}

function filesystem(
  facts: Partial<Awaited<ReturnType<typeof real.statfs>>>,
): Case['host'] & object {
  return { statfs: async (path) => ({ ...(await real.statfs(path)), ...facts }) };
}

function systemd(state: string): Case['host'] & object {
  return {
    ...commandsSaying({ 'systemctl is-system-running': { stdout: `${state}\n` } }),
    stat: async () => real.stat('/'),
  };
}

function selinux(enforce: string): Case['host'] & object {
  return filesSaying({ '/sys/fs/selinux/enforce': enforce });
}

function configFile(mode: number): string {
  const file = join(temporaryHome({ 'appliance.yaml': 'version: 1\n' }), 'appliance.yaml');
  chmodSync(file, mode);
  return file;
}
