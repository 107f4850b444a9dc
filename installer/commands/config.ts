// `sallyport config …`: what concerns configuration files. Starts nothing and changes no appliance.

import { InvalidArgumentError, type Command } from 'commander';
import { checkConfig } from './config-check.ts';
import { addConfigDiff } from './config-diff.ts';
import { writeConfigDocs } from './config-docs.ts';
import { addConfigExplain } from './config-explain.ts';
import { ExitError } from '../exit-codes.ts';

interface CheckOptions {
  file?: string;
  config: string[];
  profile?: string;
  set: Record<string, string>;
  json: boolean;
}

export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('Check and describe the configuration.');
  config
    .command('check')
    .description('Say every mistake of a configuration. Exit code 0: right, 2: refused.')
    .option('--file <file>', 'an appliance.yaml, read as `plan` reads it')
    .option(
      '--config <file>',
      'a YAML file of the server; may be given again, later ones win',
      collectFile,
      [],
    )
    .option('--profile <name>', 'evaluation, single, cluster or drill')
    .option('--set <path=value>', 'one setting; may be given again', collectSetting, {})
    .option('--json', 'print one JSON object', false)
    .action((options: CheckOptions) => {
      if (options.file !== undefined) refuseBesideFile(options);
      process.exitCode = checkConfig({
        ...(options.file === undefined ? {} : { appliance: options.file }),
        files: options.config,
        overrides: options.set,
        ...(options.profile === undefined ? {} : { profile: options.profile }),
        json: options.json,
      });
    });
  addConfigExplain(config, { collectFile, collectSetting, refuseBesideFile });
  addConfigDiff(config);
  config
    .command('docs')
    .description('Print the reference page of all settings.')
    .option('--out <file>', 'where to; - is standard output', '-')
    .action((options: { out: string }) => writeConfigDocs(options.out));
}

/** appliance.yaml is the whole configuration of a box; nothing else takes part in it. */
function refuseBesideFile({ config, profile, set }: Omit<CheckOptions, 'json'>): void {
  const beside = [
    ...(config.length > 0 ? ['--config'] : []),
    ...(profile === undefined ? [] : ['--profile']),
    ...(Object.keys(set).length > 0 ? ['--set'] : []),
  ];
  if (beside.length === 0) return;
  throw new ExitError('badInput', `Expected --file alone, found ${beside.join(', ')} beside it.`);
}

function collectFile(file: string, before: string[]): string[] {
  return [...before, file];
}

function collectSetting(written: string, before: Record<string, string>): Record<string, string> {
  const equals = written.indexOf('=');
  if (equals < 1) {
    throw new InvalidArgumentError('Expected path=value, such as http.port=8080.');
  }
  return { ...before, [written.slice(0, equals)]: written.slice(equals + 1) };
}
