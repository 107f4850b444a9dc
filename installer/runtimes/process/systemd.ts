// The server as a systemd unit. The unit goes by way of `current`, so a new release changes the link and not
// the unit; each start writes into its runtime folder what it was started with.

import { basename, join } from 'node:path';
import type { CommandResult, Host } from '../../host/host.ts';
import type { Layout } from '../home/layout.ts';
import type { ServerCommand, Supervisor } from './supervisor.ts';

export interface UnitSettings {
  name: string;
  unitDir: string;
  user: string | null;
  /** How long the server may drain before it is killed. */
  stopLimitMs: number;
}

const COMMAND_LIMIT_MS = 120_000;
const LAST_LINES = 12;

export function systemdSupervisor(
  host: Host,
  layout: Layout,
  parts: { settings: UnitSettings; command: () => Promise<ServerCommand> },
): Supervisor {
  const { settings } = parts;
  const unit = `${settings.name}.service`;
  const file = join(settings.unitDir, unit);
  const started = `/run/${settings.name}/applied`;
  const systemctl = (...args: string[]): Promise<CommandResult> =>
    host.commands.run({ program: 'systemctl', args, timeoutMs: COMMAND_LIMIT_MS });
  const ask = (...args: string[]): Promise<CommandResult> =>
    host.commands.run({ program: 'systemctl', args, timeoutMs: COMMAND_LIMIT_MS, isLook: true });
  const must = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await systemctl(...args);
    if (code !== 0) {
      throw new Error(
        `systemctl ${args.join(' ')}: expected exit code 0, found ${code}: ${stderr}`,
      );
    }
  };
  const wanted = async (): Promise<string> => unitText(layout, settings, await parts.command());
  return {
    entry: file,
    running: async () => {
      if ((await ask('is-active', unit)).code !== 0) return null;
      return { applied: basename((await host.files.read(started))?.trim() ?? '') };
    },
    installed: async () => {
      if ((await host.files.read(file)) !== (await wanted())) {
        return { ok: false, found: `${file} is not there or differs` };
      }
      // A unit that was written and not read again is not installed.
      const needsReload = await ask('show', '--property=NeedDaemonReload', '--value', unit);
      if (needsReload.stdout.trim() === 'yes')
        return { ok: false, found: 'not read by systemd yet' };
      const enabled = await ask('is-enabled', unit);
      return enabled.code === 0
        ? { ok: true, found: 'as wanted' }
        : { ok: false, found: 'not enabled' };
    },
    install: async () => {
      await host.files.write(file, await wanted(), 0o644);
      await must('daemon-reload');
      await must('enable', unit);
    },
    remember: () => host.files.read(file),
    reinstall: async (before) => {
      if (before === null) {
        await systemctl('disable', unit);
        await host.files.remove(file);
      } else {
        await host.files.write(file, before, 0o644);
      }
      await must('daemon-reload');
    },
    restart: () => must('restart', unit),
    reload: () => must('reload', unit),
    note: (applied) => host.files.write(started, `applied/${applied}\n`, 0o644),
    stop: async () => {
      if ((await ask('is-active', unit)).code === 0) await must('stop', unit);
    },
    remove: async () => {
      if ((await host.files.kind(file)) === null) return;
      await systemctl('disable', unit);
      await host.files.remove(file);
      await must('daemon-reload');
    },
    lastWords: () => lastLines(host, unit),
  };
}

async function lastLines(host: Host, unit: string): Promise<string> {
  const lines = ['--lines', String(LAST_LINES), '--no-pager', '--output', 'cat'];
  const { stdout } = await host.commands.run({
    program: 'journalctl',
    args: ['--unit', unit, ...lines],
    timeoutMs: COMMAND_LIMIT_MS,
    isLook: true,
  });
  return stdout.trimEnd();
}

function unitText(layout: Layout, settings: UnitSettings, command: ServerCommand): string {
  const env = Object.entries(command.env).map(([name, value]) => `Environment="${name}=${value}"`);
  return `# Written by \`sallyport apply\`; it will be written again.
[Unit]
Description=Sallyport appliance (${settings.name})
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
${settings.user === null ? '' : `User=${settings.user}\n`}RuntimeDirectory=${settings.name}
ExecStartPre=/bin/sh -c 'readlink ${layout.current} > /run/${settings.name}/applied'
ExecStart=${[command.node, ...command.args].map(quoted).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
${env.join('\n')}
Restart=on-failure
RestartSec=1
KillMode=mixed
TimeoutStopSec=${Math.ceil(settings.stopLimitMs / 1000)}
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${layout.data}
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictSUIDSGID=yes
CapabilityBoundingSet=
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
}

function quoted(word: string): string {
  return /[\s"\\%$]/.test(word)
    ? `"${word
        .replaceAll(/["\\]/g, String.raw`\$&`)
        .replaceAll('%', '%%')
        .replaceAll('$', '$$$$')}"`
    : word;
}
