// Arguments, reading, comparison, and the verdict on standard output.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ApplianceDatabase, readAppliance } from './appliance-rows.ts';
import { compareBooks, compareRows } from './compare.ts';
import { readProviderRows, readSurplusCharges } from './provider-rows.ts';
import type { Difference } from './rows.ts';

const USAGE = `usage: verify-ledger --stripe FILE (--sqlite FILE | --postgres HOST:PORT/NAME --user USER
  --password-file FILE --organization ORG_ID)`;

export async function verifyFromArguments(argv: string[]): Promise<number> {
  let databases: { ours: ApplianceDatabase; stripe: string };
  try {
    databases = readArguments(argv);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { lines, equal } = await verifyLedgers(databases.ours, databases.stripe);
  for (const line of lines) console.log(line);
  return equal ? 0 : 1;
}

export async function verifyLedgers(
  ours: ApplianceDatabase,
  stripeFile: string,
): Promise<{ lines: string[]; equal: boolean }> {
  const appliance = await readAppliance(ours);
  const provider = readProviderRows(stripeFile);
  const surplus = readSurplusCharges(stripeFile).map((row) => ({
    key: row.paymentIntent,
    kind: 'charges',
    ours: 'at most 1 charge',
    provider: `${row.charges} charges`,
  }));
  const differences = [
    ...compareRows(appliance.rows, provider),
    ...compareBooks(appliance),
    ...surplus,
  ];
  const compared = `${appliance.rows.length} operations, ${provider.length} provider rows, ${appliance.transfers.length} transfers compared`;
  if (differences.length === 0)
    return { lines: [compared, 'ledger = provider ledger'], equal: true };
  return { lines: [compared, ...differences.map(describe)], equal: false };
}

function describe(difference: Difference): string {
  const { kind, key, ours, provider } = difference;
  return `DIFFERENCE ${kind} ${key}: ours ${ours}; provider ${provider}`;
}

function readArguments(argv: string[]): { ours: ApplianceDatabase; stripe: string } {
  const { values } = parseArgs({
    args: argv,
    options: {
      stripe: { type: 'string' },
      sqlite: { type: 'string' },
      postgres: { type: 'string' },
      user: { type: 'string' },
      'password-file': { type: 'string' },
      organization: { type: 'string' },
    },
  });
  const { stripe, sqlite, postgres } = values;
  if (stripe === undefined)
    throw new Error('Expected --stripe with the file of the provider, found none.');
  if (sqlite !== undefined) return { ours: { kind: 'sqlite', file: sqlite }, stripe };
  const address = /^([^:/]+):(\d+)\/(.+)$/.exec(postgres ?? '');
  if (address === null) {
    throw new Error(
      `Expected --sqlite FILE or --postgres HOST:PORT/NAME, found ${postgres ?? 'neither'}.`,
    );
  }
  const passwordFile = required(values['password-file'], '--password-file');
  return {
    stripe,
    ours: {
      kind: 'postgres',
      host: address[1] ?? '',
      port: Number(address[2]),
      name: address[3] ?? '',
      user: required(values.user, '--user'),
      password: readFileSync(passwordFile, 'utf8').trim(),
      organization: required(values.organization, '--organization'),
    },
  };
}

function required(value: string | undefined, flag: string): string {
  if (value === undefined) throw new Error(`Expected ${flag} with --postgres, found none.`);
  return value;
}
