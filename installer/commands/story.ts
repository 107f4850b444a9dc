// `sallyport story`: tells the story against a running appliance: the box that an appliance.yaml describes,
// with simulated providers around it, or the evaluation that `npm start` began.

import { existsSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { readApplianceFile } from '../appliance-file/read.ts';
import { openBoxWorld } from '../story/box.ts';
import { readEnvironment, type StoryEnvironment } from '../story/environment.ts';
import { runStory } from '../story/run-story.ts';
import { OWN_RELEASE } from './options.ts';

interface StoryOptions {
  file?: string;
  environment: string;
  population: number;
  apiKeyFile?: string;
}

const OF_START = 'data/story-environment.json';
const POPULATION = 10_000;
const POPULATION_MAX = 1_000_000;

export function addStoryCommand(program: Command): void {
  program
    .command('story')
    .description(
      'tells the story, from a face at a terminal to a reconciled ledger, on a running appliance',
    )
    .option('--file <file>', 'of an installed box; appliance.yaml when it is there')
    .option('--environment <file>', 'written by npm start', OF_START)
    .option('--population <count>', 'people to import first', countOf, POPULATION)
    .option('--api-key-file <file>', 'when the data is not on this machine')
    .action(story);
}

async function story({ environment, population, ...options }: StoryOptions): Promise<void> {
  const isOfStart = environment !== OF_START || !existsSync('appliance.yaml');
  const file = options.file ?? (isOfStart ? null : 'appliance.yaml');
  if (file === null) {
    await tell(readEnvironment(environment));
    return;
  }
  const { apiKeyFile } = options;
  const world = await openBoxWorld(readApplianceFile(file), {
    root: OWN_RELEASE,
    population,
    ...(apiKeyFile === undefined ? {} : { apiKeyFile }),
  });
  try {
    await tell(world.environment);
  } finally {
    await world.stop();
  }
}

async function tell(environment: StoryEnvironment): Promise<void> {
  const told = await runStory(environment, OWN_RELEASE, (line) =>
    process.stdout.write(`${line}\n`),
  );
  process.exitCode = told ? 0 : 1;
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= POPULATION_MAX) return count;
  throw new InvalidArgumentError(`Expected a count from 1 to ${POPULATION_MAX}.`);
}
