// Money: an integer of minor units and an ISO 4217 currency. Never a float, never without its currency.

import { AppError } from './errors.ts';

export interface Money {
  amountMinor: number;
  currency: string;
}

/** Far above any payment at a door, and far below the loss of integer precision in sums. */
export const AMOUNT_MINOR_MAX = 1_000_000_000_000;

const CURRENCY = /^[A-Z]{3}$/;
const WITHOUT_MINOR = new Set(['CLP', 'JPY', 'KRW', 'PYG', 'UGX', 'VND', 'XAF', 'XOF', 'XPF']);
const THREE_DIGITS = new Set(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']);

export function money(amountMinor: number, currency: string): Money {
  if (!Number.isSafeInteger(amountMinor) || Math.abs(amountMinor) > AMOUNT_MINOR_MAX) {
    throw new AppError(
      'validation_failed',
      `Expected an integer of minor units up to ${AMOUNT_MINOR_MAX}, found ${amountMinor}.`,
    );
  }
  if (!CURRENCY.test(currency)) {
    throw new AppError(
      'validation_failed',
      `Expected an ISO 4217 currency of three capital letters, found ${JSON.stringify(currency)}.`,
    );
  }
  return { amountMinor, currency };
}

export function minorDigits(currency: string): number {
  if (WITHOUT_MINOR.has(currency)) return 0;
  return THREE_DIGITS.has(currency) ? 3 : 2;
}

/** For people: `12.50 EUR`. */
export function formatMoney(value: Money): string {
  const digits = minorDigits(value.currency);
  const sign = value.amountMinor < 0 ? '-' : '';
  const text = String(Math.abs(value.amountMinor)).padStart(digits + 1, '0');
  if (digits === 0) return `${sign}${text} ${value.currency}`;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)} ${value.currency}`;
}
