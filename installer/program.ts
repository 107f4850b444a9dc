// The list of commands. Each command is one file in commands/, which adds itself to the program. What a
// command throws ends up here: its message on standard error, and one of the published exit codes.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/load.ts';
import { addApplyCommand } from './commands/apply.ts';
import { addBackupCommand } from './commands/backup.ts';
import { addConfigCommand } from './commands/config.ts';
import { addInitCommand } from './commands/init.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addPreflightCommand } from './commands/preflight.ts';
import { addRestoreCommand } from './commands/restore.ts';
import { addStatusCommand } from './commands/status.ts';
import { addStoryCommand } from './commands/story.ts';
import { addUninstallCommand } from './commands/uninstall.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { EXIT_CODES, ExitError } from './exit-codes.ts';
import { permissionMessage } from './host/permission.ts';

const COMMANDS: readonly ((program: Command) => void)[] = [
  addInitCommand,
  addConfigCommand,
  addPreflightCommand,
  addPlanCommand,
  addApplyCommand,
  addStatusCommand,
  addVerifyCommand,
  addBackupCommand,
  addRestoreCommand,
  addUninstallCommand,
  addStoryCommand,
];

export async function runProgram(argv: readonly string[]): Promise<void> {
  const program = new Command('sallyport')
    .description('Installs and looks after a Sallyport appliance.')
    .version(ownVersion())
    .showHelpAfterError('`sallyport COMMAND --help` lists the flags of a command.')
    .showSuggestionAfterError();
  for (const add of COMMANDS) add(program);
  throwInstead(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    // Commander has said what is wrong itself.
    if (error instanceof CommanderError) return;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`sallyport: ${permissionMessage(error) ?? message}\n`);
  }
}

function ownVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.badInput.code;
  if (error instanceof ExitError) return EXIT_CODES[error.exit].code;
  if (error instanceof ConfigError || permissionMessage(error) !== null) {
    return EXIT_CODES.badInput.code;
  }
  return EXIT_CODES.unexpected.code;
}

/** Commander would end the process with a code of its own. */
function throwInstead(command: Command): void {
  command.exitOverride();
  for (const each of command.commands) throwInstead(each);
}
