// Where the story finds the appliance and the world around it: one JSON file, written by whoever
// started them. Nothing here is told to the server.

import { readFileSync } from 'node:fs';

export interface TwinAddress {
  api: string;
  control: string;
  database: string;
}

export type VerifierDatabase =
  | { kind: 'sqlite'; file: string }
  | {
      kind: 'postgres';
      host: string;
      port: number;
      name: string;
      user: string;
      passwordFile: string;
    };

export interface StoryEnvironment {
  /** Base URL of the REST API. */
  api: string;
  apiKeyFile: string;
  /** A folder the story may write to (terminal stores, the population file). */
  workDir: string;
  twins: { stripe: TwinAddress; veriff: TwinAddress };
  /** The appliance's database, for the verifier only. */
  database: VerifierDatabase;
  population: number;
}

export function readEnvironment(file: string): StoryEnvironment {
  const parsed = JSON.parse(readFileSync(file, 'utf8')) as Partial<StoryEnvironment>;
  for (const key of ['api', 'apiKeyFile', 'workDir', 'twins', 'database', 'population'] as const) {
    if (parsed[key] === undefined) {
      throw new Error(`${file}: expected the key ${key}, found ${Object.keys(parsed).join(', ')}.`);
    }
  }
  return parsed as StoryEnvironment;
}
