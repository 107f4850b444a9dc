// Arguments, reading, comparison, and the verdict on standard output.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ApplianceDatabase, readAppliance } from './appliance-rows.ts';
import { compareBooks, compareRows } from './compare.ts';
import { compareTransfers } from './compare-transfers.ts';
import { rowsOfOperations, rowsOfTransfers } from './our-rows.ts';
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
  const moved = provider.filter(({ state }) => state === 'succeeded');
  const booked = rowsOfTransfers(appliance.transfers);
  const against = {
    'operations ↔ provider': compareRows(rowsOfOperations(appliance.operations), provider),
    'ledger ↔ provider': compareRows(booked, moved),
    'ledger ↔ operations': compareTransfers(appliance),
    'accounts ↔ transfers': compareBooks(appliance),
    'provider alone': surplusCharges(stripeFile),
  };
  const lines = Object.entries(against).flatMap(([books, differences]) =>
    differences.map((difference) => describe(books, difference)),
  );
  const { operations, transfers } = appliance;
  const compared =
    `${operations.length} operations, ${provider.length} provider rows, ` +
    `${transfers.length} transfers compared`;
  return lines.length === 0
    ? { lines: [compared, 'ledger = provider ledger'], equal: true }
    : { lines: [compared, ...lines], equal: false };
}

function surplusCharges(stripeFile: string): Difference[] {
  return readSurplusCharges(stripeFile).map((row) => ({
    key: row.paymentIntent,
    kind: 'charges',
    ours: 'at most 1 charge',
    theirs: `${row.charges} charges`,
  }));
}

function describe(books: string, { kind, key, ours, theirs }: Difference): string {
  return `DIFFERENCE ${kind} ${key}, ${books}: ${ours} ≠ ${theirs}`;
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
