// `sallyport story`: tells the story against a running appliance. Where that is, and where the simulated
// world around it is, stands in one file that `npm start` writes.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { readEnvironment } from '../story/environment.ts';
import { runStory } from '../story/run-story.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function addStoryCommand(program: Command): void {
  program
    .command('story')
    .description(
      'tells the story, from a face at a terminal to a reconciled ledger, on a running appliance',
    )
    .option('--environment <file>', 'written by npm start', 'data/story-environment.json')
    .action(async ({ environment }: { environment: string }) => {
      const told = await runStory(readEnvironment(environment), ROOT, (line) =>
        process.stdout.write(`${line}\n`),
      );
      process.exitCode = told ? 0 : 1;
    });
}
