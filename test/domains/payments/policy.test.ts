import { describe, expect, test } from '@jest/globals';
import {
  type Evidence,
  exposureEntries,
  judgeEvidence,
  judgeStanding,
  type Standing,
} from '../../../server/domains/payments/policy.ts';
import { SETTINGS } from './settings.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;
const match: Evidence = { outcome: 'match', personId: 'per_a', evidenceClass: 'appliance_1n' };
const good: Standing = {
  personActive: true,
  consented: true,
  kyc: { status: 'approved', validUntil: NOW + DAY },
  method: { funding: 'credit', expiresAt: NOW + 400 * DAY },
  owesMinor: 0,
};
const ONLINE = { reachable: true, lastOkAt: NOW };
const OFFLINE = { reachable: false, lastOkAt: NOW - 3_600_000 };

const judge = (
  standing: Partial<Standing>,
  contact = ONLINE,
  amountMinor = 1_000,
  settings = SETTINGS,
) => judgeStanding(settings, { ...good, ...standing }, { now: NOW, contact, amountMinor });

describe('evidence', () => {
  test('a match of this appliance goes on', () => {
    expect(judgeEvidence(match)).toBeNull();
  });
  for (const outcome of ['no_match', 'ambiguous', 'poor_quality', 'unknown_extractor'] as const) {
    test(`${outcome} is refused as such`, () => {
      expect(judgeEvidence({ ...match, outcome, personId: null })?.reason).toBe(outcome);
    });
  }
  test('what a terminal asserts does not pay', () => {
    expect(judgeEvidence({ ...match, evidenceClass: 'terminal_1n' })?.reason).toBe(
      'evidence_too_weak',
    );
  });
});

describe('standing', () => {
  test('everything in order, online and offline', () => {
    expect(judge({})).toBeNull();
    expect(judge({}, OFFLINE)).toBeNull();
  });
  const both: [string, Partial<Standing>][] = [
    ['person_inactive', { personActive: false }],
    ['consent_missing', { consented: false }],
    ['kyc_not_approved', { kyc: { status: 'declined', validUntil: null } }],
    ['kyc_not_approved', { kyc: { status: 'not_started', validUntil: null } }],
    ['kyc_expired', { kyc: { status: 'expired', validUntil: NOW - 1 } }],
    ['kyc_expired', { kyc: { status: 'approved', validUntil: NOW } }],
    ['no_payment_method', { method: null }],
    ['payment_method_expired', { method: { funding: 'credit', expiresAt: NOW } }],
  ];
  for (const [reason, standing] of both) {
    test(`${reason}, whether or not the provider can be reached: ${JSON.stringify(standing)}`, () => {
      expect(judge(standing)).toEqual({ reason, limit: null });
      expect(judge(standing, OFFLINE)).toEqual({ reason, limit: null });
    });
  }
  const offlineOnly: [string, Partial<Standing>][] = [
    ['payment_method_not_offline', { method: { funding: 'prepaid', expiresAt: NOW + 400 * DAY } }],
    ['payment_method_not_offline', { method: { funding: 'unknown', expiresAt: null } }],
    ['payment_method_expired', { method: { funding: 'credit', expiresAt: NOW + 6 * DAY } }],
    ['person_owes', { owesMinor: 1 }],
  ];
  for (const [reason, standing] of offlineOnly) {
    test(`${reason}, offline only: ${JSON.stringify(standing)}`, () => {
      expect(judge(standing)).toBeNull();
      expect(judge(standing, OFFLINE)).toEqual({ reason, limit: null });
    });
  }
  test('offline acceptance has a switch, and ends when the provider is out of reach for too long', () => {
    const off = { ...SETTINGS, offline: { ...SETTINGS.offline, enabled: false } };
    expect(judge({}, OFFLINE, 1_000, off)?.reason).toBe('offline_disabled');
    const longAgo = { reachable: false, lastOkAt: NOW - SETTINGS.offline.contactMaxAgeMs - 1 };
    expect(judge({}, longAgo)?.reason).toBe('offline_contact_too_old');
    expect(judge({}, { ...longAgo, lastOkAt: longAgo.lastOkAt + 1 })).toBeNull();
  });
  test('a provider never reached at all is no ground to accept offline', () => {
    const never = { reachable: false, lastOkAt: null } as unknown as typeof OFFLINE;
    expect(judge({}, never)?.reason).toBe('offline_contact_too_old');
  });
  test('the largest single payment is named as the limit', () => {
    const { online, offline } = SETTINGS;
    expect(judge({}, ONLINE, online.limitTxnMinor)).toBeNull();
    expect(judge({}, ONLINE, online.limitTxnMinor + 1)?.limit).toBe('online_txn');
    expect(judge({}, OFFLINE, offline.limitTxnMinor)).toBeNull();
    expect(judge({}, OFFLINE, offline.limitTxnMinor + 1)?.limit).toBe('offline_txn');
  });
});

test('offline a payment is counted against person, day, terminal and site, each with its own limit', () => {
  const exposure = {
    mode: 'offline' as const,
    personId: 'per_a',
    terminalId: 'dev_a',
    siteId: 'nod_a',
    amountMinor: 700,
    currency: 'EUR',
    paymentId: 'pay_a',
  };
  const entries = exposureEntries(SETTINGS, exposure, NOW);
  expect(
    entries.map(({ debit, limit, kind }) => [debit.kind, debit.holder, limit?.name, kind]),
  ).toEqual([
    ['offline_exposure_person', 'per_a', 'offline_person_open', 'pending'],
    ['offline_day_person', 'per_a:2026-11-21', 'offline_person_day', 'single'],
    ['offline_exposure_terminal', 'dev_a', 'offline_terminal_open', 'pending'],
    ['offline_exposure_site', 'nod_a', 'offline_site_open', 'pending'],
  ]);
  const online = exposureEntries(SETTINGS, { ...exposure, mode: 'online' }, NOW);
  expect(online.map(({ limit }) => limit?.name)).toEqual(['online_person_open']);
});
