// What kind of filesystem the data and the release lie on, and whether it can be written to.

import { type Check, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import { nearestFolder } from '../nearest-folder.ts';

/** Magic numbers of statfs(2), see linux/magic.h. Locks or fsync on these are not what SQLite needs. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x00c36400, 'CephFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x19830326, 'BeeGFS'],
  [0x5346414f, 'AFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x01021994, 'tmpfs (memory, empty after a restart)'],
  [0x858458f6, 'ramfs (memory, empty after a restart)'],
]);
const UNSIGNED_32 = 0x1_0000_0000;

export const FILESYSTEM_CHECKS: readonly Check[] = [
  {
    id: 'data-dir-writable',
    title: 'The data folder can be written to',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Database, keys and certificates are made there. It is tried with a file that is removed again.',
    remedy: 'Run the command as the user of the service, or give that user the folder (chown).',
    check: async (host, { dataDir }) => {
      if (dataDir === null) return skip('the data does not lie on this machine');
      const folder = await nearestFolder(host, dataDir);
      const found = folder === dataDir ? folder : `${folder}, in which ${dataDir} will be made`;
      return (await host.canWrite(folder))
        ? pass(found)
        : fail(`no permission to write to ${found}, as user ${host.machine().uid}`);
    },
  },
  {
    id: 'data-dir-owner',
    title: 'The files of the data folder belong to its owner',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'A command once run as root leaves files of root behind, which the server then cannot open.',
    remedy: 'Give every file in the folder to the owner of the folder (chown -R).',
    check: async (host, { dataDir }) => {
      const folder = dataDir === null ? null : await host.stat(dataDir);
      if (dataDir === null || folder === null) return skip('there is no data yet');
      const strangers: string[] = [];
      for (const name of await host.list(dataDir)) {
        const file = await host.stat(`${dataDir}/${name}`);
        if (file !== null && file.uid !== folder.uid) strangers.push(`${name} to user ${file.uid}`);
      }
      return strangers.length === 0
        ? pass(`everything belongs to user ${folder.uid}`)
        : fail(`${dataDir} belongs to user ${folder.uid}, but ${strangers.join(', ')}`);
    },
  },
  {
    id: 'filesystem-local',
    title: 'SQLite lies on a local disk',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'SQLite keeps its promises by file locks and fsync. Network filesystems pretend both, and a memory disk forgets everything.',
    remedy: 'Choose a home on a local ext4, XFS, Btrfs or ZFS, or use Postgres.',
    check: async (host, { config, dataDir }) => {
      if (config.database.kind !== 'sqlite') return skip('the database is Postgres');
      if (dataDir === null) return skip('the data does not lie on this machine');
      const folder = await nearestFolder(host, dataDir);
      const { type } = await host.statfs(folder);
      const kind = REFUSED.get(type < 0 ? type + UNSIGNED_32 : type);
      return kind === undefined ? pass(`${folder} is local`) : fail(`${folder} is ${kind}`);
    },
  },
  {
    id: 'home-executable',
    title: 'Code may run from the home folder',
    severity: 'fail',
    runtimes: ['process'],
    doc: 'Releases are unpacked below home. On a filesystem mounted noexec their native modules cannot be loaded.',
    remedy: 'Choose a home on a filesystem without the mount option noexec.',
    check: async (host, { target: { home } }) => {
      const mounts = await host.readText('/proc/mounts');
      if (home === null || mounts === null) return skip('this system does not tell its mounts');
      const folder = await nearestFolder(host, home);
      const mount = mountOf(folder, mounts);
      return mount.options.includes('noexec')
        ? fail(`${mount.point}, on which ${home} lies, is mounted noexec`)
        : pass(`${mount.point} allows it`);
    },
  },
];

/** The last mount whose point contains the folder: later ones lie over earlier ones. */
function mountOf(folder: string, mounts: string): { point: string; options: string[] } {
  let best = { point: '/', options: [] as string[] };
  for (const line of mounts.split('\n')) {
    const [, point = '', , options = ''] = line.split(' ');
    const contains = point === '/' || folder === point || folder.startsWith(`${point}/`);
    if (point !== '' && contains && point.length >= best.point.length) {
      best = { point, options: options.split(',') };
    }
  }
  return best;
}
