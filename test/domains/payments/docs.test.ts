import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { MOVES, OPERATION_STATUSES } from '../../../server/domains/payments/operation.ts';
import { PAYMENT_STATUSES } from '../../../server/domains/payments/payment.ts';
import { LIMIT_NAMES, REFUSAL_REASONS } from '../../../server/domains/payments/policy.ts';

const page = readFileSync(new URL('../../../docs/payments.md', import.meta.url), 'utf8');
const code = (word: string): string => `\`${word}\``;

test('docs/payments.md lists every reason of refusal with its meaning, and every limit', () => {
  for (const [reason, text] of Object.entries(REFUSAL_REASONS)) {
    expect(page).toContain(`| ${code(reason)} | ${text} |`);
  }
  expect(page).toContain(`Limits: ${LIMIT_NAMES.map(code).join(', ')}.`);
});

test('and every move of an operation and every status of a payment', () => {
  for (const status of OPERATION_STATUSES) {
    const to = MOVES[status].map(code).join(', ') || 'nothing';
    expect(page).toContain(`| ${code(status)} | ${to} |`);
  }
  expect(page).toContain(`never set: ${PAYMENT_STATUSES.map(code).join(', ')}.`);
});
