// The story, from a face at a terminal to a reconciled ledger, driven only from outside: REST, the device
// protocol, the providers' pages and events. Returns whether everything happened as it should.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createApiClient } from './api-client.ts';
import type { Person, Stage } from './cast.ts';
import { connectTerminal } from './chapter-terminal.ts';
import { enrolPerson, importPopulation } from './chapter-people.ts';
import { passKyc } from './chapter-kyc.ts';
import { savePaymentMethod } from './chapter-payment-method.ts';
import { payAtTheDoor, refuseStrangers } from './chapter-door.ts';
import { surviveTheCut } from './chapter-wan-cut.ts';
import { reconcile } from './chapter-reconcile.ts';
import type { StoryEnvironment } from './environment.ts';
import { createNarrator } from './narrator.ts';
import { controlTwin } from './twin-control.ts';

export async function runStory(
  environment: StoryEnvironment,
  root: string,
  write: (line: string) => void,
): Promise<boolean> {
  mkdirSync(environment.workDir, { recursive: true, mode: 0o700 });
  const narrator = createNarrator(write);
  const startedAt = performance.now();
  const stage: Omit<Stage, 'terminal' | 'siteId' | 'deviceId' | 'organizationId'> = {
    environment,
    root,
    narrator,
    api: createApiClient(environment.api, readFileSync(environment.apiKeyFile, 'utf8').trim()),
    stripe: controlTwin(environment.twins.stripe),
    veriff: controlTwin(environment.twins.veriff),
    telling: randomBytes(4).toString('hex'),
  };
  let terminal: Stage['terminal'] | null = null;
  try {
    const connected = await connectTerminal(stage);
    terminal = connected.terminal;
    await tell({ ...stage, ...connected });
    write(`\nThe story took ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
    return true;
  } catch (error) {
    write(`\nThe story failed: ${(error as Error).message}`);
    return false;
  } finally {
    await terminal?.stop();
    await stage.stripe.clearFaults();
    await stage.stripe.restoreWan();
    await stage.veriff.restoreWan();
  }
}

async function tell(stage: Stage): Promise<void> {
  await importPopulation(stage);
  const ana: Person = await enrolPerson(stage, 'Ana Example');
  await passKyc(stage, ana);
  await savePaymentMethod(stage, ana, '4242424242424242');
  await payAtTheDoor(stage, ana);
  await refuseStrangers(stage);
  // A second person, whose card will be declined when it is charged.
  const ben: Person = await enrolPerson(stage, 'Ben Example');
  await passKyc(stage, ben);
  await savePaymentMethod(stage, ben, '4000000000000341');
  await surviveTheCut(stage, { ana, ben });
  await reconcile(stage);
}
