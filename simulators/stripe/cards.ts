// Card numbers: whether one can be a card at all, its brand, and what Stripe's published test cards
// do at set-up and at each charge. A number is never stored, only what is shown here.

import { createHash } from 'node:crypto';

export type Decline = { code: string; declineCode: string; message: string };
export type Card = {
  brand: string;
  funding: 'credit' | 'debit';
  last4: string;
  fingerprint: string;
  expMonth: number;
  expYear: number;
  behaviour: Behaviour;
};
export type Behaviour =
  | 'ok'
  | 'declines_charges'
  | 'wants_authentication'
  | 'refund_fails'
  | 'refund_pends'
  | keyof typeof DECLINES;

const DECLINED = 'Your card was declined.';
export const DECLINES = {
  generic_decline: declined('generic_decline'),
  insufficient_funds: declined('insufficient_funds', 'Your card has insufficient funds.'),
  lost_card: declined('lost_card'),
  stolen_card: declined('stolen_card'),
  expired_card: same('expired_card', 'Your card has expired.'),
  incorrect_cvc: same('incorrect_cvc', "Your card's security code is incorrect."),
  processing_error: same(
    'processing_error',
    'An error occurred while processing your card. Try again in a little bit.',
  ),
  authentication_required: same(
    'authentication_required',
    'Your card was declined. This transaction requires authentication.',
  ),
} satisfies Record<string, Decline>;

const TEST_CARDS: Record<string, { behaviour?: Behaviour; funding?: 'debit' }> = {
  '4242424242424242': {},
  '4000056655665556': { funding: 'debit' },
  '5555555555554444': {},
  '5200828282828210': { funding: 'debit' },
  '378282246310005': {},
  '6011111111111117': {},
  '3056930009020004': {},
  '3566002020360505': {},
  '4000000000000341': { behaviour: 'declines_charges' },
  '4000000000000002': { behaviour: 'generic_decline' },
  '4000000000009995': { behaviour: 'insufficient_funds' },
  '4000000000009987': { behaviour: 'lost_card' },
  '4000000000009979': { behaviour: 'stolen_card' },
  '4000000000000069': { behaviour: 'expired_card' },
  '4000000000000127': { behaviour: 'incorrect_cvc' },
  '4000000000000119': { behaviour: 'processing_error' },
  '4000002760003184': { behaviour: 'wants_authentication' },
  '4000000000005126': { behaviour: 'refund_fails' },
  '4000000000007726': { behaviour: 'refund_pends' },
};

const BRANDS: [RegExp, string][] = [
  [/^4/, 'visa'],
  [/^(5[1-5]|2[2-7])/, 'mastercard'],
  [/^3[47]/, 'amex'],
  [/^(6011|65|64[4-9])/, 'discover'],
  [/^3(0|6|8)/, 'diners'],
  [/^35/, 'jcb'],
  [/^62/, 'unionpay'],
];

export type CardInput = { number: string; expiry: string; cvc: string };

/** Reads what a person typed; the error is the sentence Stripe shows beside the field. */
export function readCard(input: CardInput, nowMs: number): Card | { error: string } {
  const number = input.number.replaceAll(/[\s-]/g, '');
  const brand = BRANDS.find(([start]) => start.test(number))?.[1];
  if (!/^\d{12,19}$/.test(number)) return { error: 'Your card number is incomplete.' };
  if (brand === undefined || !passesLuhn(number)) return { error: 'Your card number is invalid.' };
  const expiry = /^\s*(\d{1,2})\s*\/\s*(?:20)?(\d{2})\s*$/.exec(input.expiry);
  const expMonth = Number(expiry?.[1]);
  const expYear = 2000 + Number(expiry?.[2]);
  if (expiry === null || expMonth < 1 || expMonth > 12) {
    return { error: "Your card's expiration date is incomplete; write it as MM/YY." };
  }
  if (isExpired({ expMonth, expYear }, nowMs)) {
    return { error: "Your card's expiration year is in the past." };
  }
  const cvcLength = brand === 'amex' ? 4 : 3;
  if (!/^\d+$/.test(input.cvc.trim()) || input.cvc.trim().length !== cvcLength) {
    return { error: "Your card's security code is incomplete." };
  }
  return describeCard(number, { brand, expMonth, expYear });
}

/** Stripe's own test tokens, e.g. `pm_card_visa`. */
export function cardOfToken(token: string, nowMs: number): Card | null {
  const number = TOKENS[token];
  if (number === undefined) return null;
  const brand = BRANDS.find(([start]) => start.test(number))?.[1] ?? 'unknown';
  return describeCard(number, {
    brand,
    expMonth: 12,
    expYear: new Date(nowMs).getUTCFullYear() + 4,
  });
}

export function isExpired(card: { expMonth: number; expYear: number }, nowMs: number): boolean {
  return Date.UTC(card.expYear, card.expMonth) <= nowMs;
}

export function declineAtSetup(behaviour: Behaviour): Decline | null {
  return behaviour in DECLINES ? DECLINES[behaviour as keyof typeof DECLINES] : null;
}

export function declineAtCharge(behaviour: Behaviour): Decline | null {
  if (behaviour === 'declines_charges') return DECLINES.generic_decline;
  if (behaviour === 'wants_authentication') return DECLINES.authentication_required;
  return declineAtSetup(behaviour);
}

const TOKENS: Record<string, string> = {
  pm_card_visa: '4242424242424242',
  pm_card_visa_debit: '4000056655665556',
  pm_card_mastercard: '5555555555554444',
  pm_card_amex: '378282246310005',
  pm_card_chargeCustomerFail: '4000000000000341',
  pm_card_visa_chargeDeclined: '4000000000000002',
  pm_card_visa_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_refundFail: '4000000000005126',
  pm_card_pendingRefund: '4000000000007726',
  pm_card_authenticationRequired: '4000002760003184',
};

function describeCard(
  number: string,
  rest: { brand: string; expMonth: number; expYear: number },
): Card {
  const known = TEST_CARDS[number] ?? {};
  // The same number gives the same fingerprint, as at Stripe, and cannot be read back from it.
  const fingerprint = createHash('sha256')
    .update(`twin:${number}`)
    .digest('base64url')
    .slice(0, 16);
  return {
    ...rest,
    funding: known.funding ?? 'credit',
    behaviour: known.behaviour ?? 'ok',
    last4: number.slice(-4),
    fingerprint,
  };
}

function passesLuhn(number: string): boolean {
  let sum = 0;
  for (const [index, digit] of number.split('').toReversed().entries()) {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

function declined(declineCode: string, message = DECLINED): Decline {
  return { code: 'card_declined', declineCode, message };
}

function same(code: string, message: string): Decline {
  return { code, declineCode: code, message };
}
