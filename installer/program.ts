// The list of commands. Each command is one file in commands/, which adds itself to the program. What a
// command throws ends up here: one line on standard error and exit code 1.

import { Command } from 'commander';
import { addConfigCommand } from './commands/config.ts';
import { addStoryCommand } from './commands/story.ts';

const COMMANDS: readonly ((program: Command) => void)[] = [addConfigCommand, addStoryCommand];

export async function runProgram(argv: readonly string[]): Promise<void> {
  const program = new Command('sallyport')
    .description('Installs and looks after a Sallyport appliance.')
    .showHelpAfterError()
    .showSuggestionAfterError();
  for (const add of COMMANDS) add(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.stderr.write(`sallyport: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
