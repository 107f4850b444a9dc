// Arguments of cluster-keys.ts and its exit codes: 0 done, 1 not done (the reason on standard error), 2 bad
// arguments.

import { parseArgs } from 'node:util';
import type { World } from '../shared/world.ts';
import { placeKeys } from './place.ts';

const USAGE = `usage: node server/cluster-keys.ts make --namespace NAME --secret NAME --instance NAME --environment live|test [--must-exist]
       node server/cluster-keys.ts place --from DIR --keys DIR --gateway DIR`;

type Values = Readonly<Record<string, string | boolean | undefined>>;

export async function runClusterKeys(argv: readonly string[], world: World): Promise<number> {
  const [verb, ...rest] = argv;
  const wanted = {
    make: ['namespace', 'secret', 'instance', 'environment'],
    place: ['from', 'keys', 'gateway'],
  };
  if (verb !== 'make' && verb !== 'place')
    return refuse(`expected make or place, found ${verb ?? 'nothing'}`);
  let values: Values;
  try {
    const texts = wanted[verb].map((name) => [name, { type: 'string' }] as const);
    const flags = verb === 'make' ? [['must-exist', { type: 'boolean' }] as const] : [];
    values = parseArgs({ args: rest, options: Object.fromEntries([...texts, ...flags]) })
      .values as Values;
  } catch (error) {
    return refuse((error as Error).message);
  }
  const missing = wanted[verb].filter((name) => text(values, name) === '');
  if (missing.length > 0) return refuse(`expected --${missing.join(' and --')}, found nothing`);
  try {
    const done = await (verb === 'place' ? place(values) : make(values, world));
    process.stdout.write(`${done}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

async function place(values: Values): Promise<string> {
  const [from, keys, gateway] = ['from', 'keys', 'gateway'].map((name) => text(values, name));
  placeKeys({ from: from ?? '', keys: keys ?? '', gateway: gateway ?? '' });
  return 'The keys are in their place.';
}

async function make(values: Values, world: World): Promise<string> {
  const environment = text(values, 'environment');
  if (environment !== 'live' && environment !== 'test') {
    throw new Error(`--environment: expected live or test, found ${environment}`);
  }
  // Loads the Kubernetes client, which nothing else of the server needs.
  const { makeKeysSecret } = await import('./make-secret.ts');
  return makeKeysSecret(world, {
    namespace: text(values, 'namespace'),
    name: text(values, 'secret'),
    instance: text(values, 'instance'),
    environment,
    mustExist: values['must-exist'] === true,
  });
}

function text(values: Values, name: string): string {
  const given = values[name];
  return typeof given === 'string' ? given : '';
}

function refuse(problem: string): number {
  process.stderr.write(`${problem}\n${USAGE}\n`);
  return 2;
}
