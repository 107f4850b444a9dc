// Who keeps the server running, and what the machine allows it.

import { dirname } from 'node:path';
import { type Check, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';

/** Databases, logs, provider connections, REST clients. */
const FILES_BESIDES_DEVICES = 1_024;

export const SUPERVISION_CHECKS: readonly Check[] = [
  {
    id: 'systemd',
    title: 'systemd runs this machine',
    severity: 'fail',
    runtimes: ['process'],
    doc: 'With process.supervisor systemd the server becomes a unit. In a container, or on a machine that another init runs, there is nobody to start it.',
    remedy:
      'Set process.supervisor to pidfile in appliance.yaml, or install on a machine that systemd runs.',
    check: async (host, { target }) => {
      if (target.supervisor !== 'systemd') return skip('the supervisor is a pid file');
      if ((await host.stat('/run/systemd/system')) === null) {
        return fail('there is no /run/systemd/system');
      }
      const { code, stderr, stdout } = await host.run('systemctl', ['is-system-running']);
      const state = stdout.trim();
      if (code === null || state === 'offline') return fail(state || stderr.trim());
      return pass(`systemd is ${state}`);
    },
  },
  {
    id: 'open-files',
    title: 'The server may open a file for each connection',
    severity: 'warn',
    runtimes: ['process'],
    doc: 'Each terminal holds one connection, and each is an open file. Beyond the limit new ones are refused. The unit that apply writes raises the limit up to the hard one of the machine.',
    remedy:
      'Raise the hard limit of open files (LimitNOFILE of the unit, or /etc/security/limits.conf), or lower gateway.connections_max.',
    check: async (host, { config }) => {
      const limits = await host.readText('/proc/self/limits');
      const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits ?? '')?.[1];
      if (hard === undefined) return skip('this system does not tell its limits');
      const needed = config.gateway.connections_max + FILES_BESIDES_DEVICES;
      const found = `${hard} open files allowed, ${needed} needed`;
      return hard === 'unlimited' || Number(hard) >= needed ? pass(found) : fail(found);
    },
  },
  {
    id: 'not-root',
    title: 'The server does not run as root',
    severity: 'warn',
    runtimes: ['process'],
    doc: 'The server needs no right of root. Without process.user it runs as whoever installs it.',
    remedy: 'Make a user of its own (useradd --system sallyport) and name it in process.user.',
    check: async (host, { target }) => {
      if (target.user !== null) {
        return target.user === 'root' ? fail('process.user is root') : pass(`as ${target.user}`);
      }
      const { uid } = host.machine();
      return uid === 0 ? fail('it would run as root') : pass(`it would run as user ${uid}`);
    },
  },
  {
    id: 'service-user',
    title: 'The user of the server is there and gets to the home folder',
    severity: 'fail',
    runtimes: ['process'],
    doc: 'process.user must be a user of this machine who may enter every folder above home. Apply gives home itself to that user.',
    remedy: 'Make the user (useradd --system NAME), or choose a home that it may enter.',
    check: async (host, { target: { user, home } }) => {
      if (user === null || home === null) return skip('it runs as whoever installs');
      const { code, stdout } = await host.run('id', ['-u', user]);
      if (code !== 0) return fail(`there is no user ${user}`);
      for (let at = dirname(home); at !== dirname(at); at = dirname(at)) {
        const folder = await host.stat(at);
        const mayEnter = folder === null || (folder.mode & 0o001) !== 0;
        if (!mayEnter && folder.uid !== Number(stdout)) return fail(`${user} may not enter ${at}`);
      }
      return pass(`${user}, user ${stdout.trim()}`);
    },
  },
  {
    id: 'security-module',
    title: 'A security module is known about',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Under SELinux in enforcing mode folders outside the usual places need a label before a service or a container may use them. The appliance works with SELinux; do not switch it off.',
    remedy:
      'Label the folder: semanage fcontext -a -t usr_t (data: var_lib_t, container: container_file_t) and restorecon -R.',
    check: async (host, { target: { home } }) => {
      const enforce = (await host.readText('/sys/fs/selinux/enforce'))?.trim();
      if (enforce !== '1') {
        return pass(enforce === '0' ? 'SELinux only reports' : 'no SELinux');
      }
      const usual = /^\/(?:opt|usr|var\/lib|srv)\//.test(home ?? '');
      return usual
        ? pass(`SELinux is enforcing; ${home} has a usual place`)
        : fail(`SELinux is enforcing, and ${home} is not below /opt, /usr, /srv or /var/lib`);
    },
  },
];
