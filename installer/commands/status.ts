// `sallyport status`: what runs, which release and configuration, and whether it is well. Changes nothing.

import type { Command } from 'commander';
import { type ApplianceFile, readApplianceFile } from '../appliance-file/read.ts';
import { openJournal } from '../engine/journal.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Host } from '../host/host.ts';
import { realHost } from '../host/real-host.ts';
import { createRuntime } from '../runtimes/create-runtime.ts';
import { type ConfigInForce, configOf } from '../runtimes/config-state.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { apiUrl } from '../runtimes/well.ts';
import { fileOption, jsonOption, NO_WAIT, releaseOption, type ReleaseOptions } from './options.ts';

interface Probe {
  ok: boolean;
  detail: unknown;
}

const PROBE_TIMEOUT_MS = 3_000;

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('say what runs, which release and configuration, healthy or why not')
    .addOption(fileOption())
    .addOption(releaseOption())
    .addOption(jsonOption())
    .action(status);
}

async function status({ file, release, json }: ReleaseOptions): Promise<void> {
  const host = realHost();
  const appliance = readApplianceFile(file);
  const runtime = await createRuntime(host, appliance, { releaseDir: release, ...NO_WAIT });
  const told = await statusOf(host, appliance, runtime);
  if (!told.installed) process.exitCode = EXIT_CODES.notInstalled.code;
  else if (!told.running || !told.ready) process.exitCode = EXIT_CODES.unexpected.code;
  if (json) process.stdout.write(`${JSON.stringify(told)}\n`);
  else for (const line of statusLines(told)) process.stdout.write(`${line}\n`);
}

export async function statusOf(
  host: Host,
  { settings, config: wanted }: ApplianceFile,
  runtime: Runtime,
): Promise<Told> {
  const state = await runtime.look();
  const unfinished = await openJournal(host, `${runtime.stateDir}/journal.ndjson`).unfinished();
  const api = settings.helm.api_url ?? apiUrl(wanted);
  // Without `verbose` a server does not say what became of its last reload.
  const ready = await ask(host, `${api}/readyz?verbose`);
  const version = await ask(host, `${api}/version`);
  return {
    name: settings.name,
    runtime: settings.runtime,
    ...state,
    as_wanted: state.applied === state.wanted,
    unfinished: unfinished === null ? null : `${unfinished.verb} ${unfinished.target}`,
    api,
    ready: ready.ok,
    readiness: ready.detail,
    version: version.detail,
    config: configOf(ready.detail),
  };
}

interface Told {
  name: string;
  runtime: string;
  installed: boolean;
  running: boolean;
  applied: string | null;
  wanted: string;
  as_wanted: boolean;
  unfinished: string | null;
  api: string;
  ready: boolean;
  readiness: unknown;
  version: unknown;
  config: ConfigInForce | null;
  detail: string;
}

export function statusLines(told: Told): string[] {
  if (!told.installed) return [`${told.name} (${told.runtime}): nothing is installed.`];
  return [
    `${told.name} (${told.runtime}): ${told.running ? 'runs' : 'does not run'}`,
    `applied     ${told.applied ?? 'nothing'}`,
    `wanted      ${told.as_wanted ? 'the same' : `${told.wanted} (sallyport plan says what differs)`}`,
    `version     ${JSON.stringify(told.version)}`,
    `ready       ${told.ready ? `yes, at ${told.api}` : `no: ${JSON.stringify(told.readiness)}`}`,
    ...configLines(told.config),
    ...(told.unfinished === null
      ? []
      : [`unfinished  ${told.unfinished}; apply goes on from there`]),
    ...(told.detail === '' ? [] : [told.detail]),
  ];
}

function configLines(config: ConfigInForce | null): string[] {
  if (config === null) return [];
  const { digest, generation, loaded_at: since, last_reload: last, restart_needed: left } = config;
  const found = last.ok ? 'right' : `REFUSED: ${last.problems.join('; ')}`;
  return [
    `config      ${digest}, generation ${generation}, in force since ${since}`,
    `last read   at ${last.at}, ${found}`,
    ...(left.length === 0 ? [] : [`restart     needed for ${left.join(', ')}`]),
  ];
}

async function ask(host: Host, url: string): Promise<Probe> {
  const answer = await host.probe(url, PROBE_TIMEOUT_MS);
  if (answer === null) return { ok: false, detail: 'no answer' };
  try {
    return { ok: answer.status === 200, detail: JSON.parse(answer.body) as unknown };
  } catch {
    // Somebody else's page: it is shown as it is.
    return { ok: false, detail: answer.body.slice(0, 200) };
  }
}
