// The control lines on standard input: one JSON object a line, each with `cmd`. A wrong one gets a line
// `{"ev":"refused"}` that names the field, and changes nothing.

import { BEHAVIOURS, type Behaviour } from './commands.ts';

export type Control =
  | { cmd: 'event'; type: string; data: object; count: number }
  | {
      cmd: 'pay';
      amount: number;
      currency: string;
      deadlineMs: number | null;
      description: string | null;
      personSeed: string | null;
      probe: Record<string, unknown> | null;
    }
  | { cmd: 'ask'; kind: string; body: Record<string, unknown>; deadlineMs: number | null }
  | { cmd: 'stand'; personSeed: string | null }
  | { cmd: 'behave'; as: Behaviour }
  | { cmd: 'load'; perSecond: number }
  | { cmd: 'stats' | 'drop' | 'offline' | 'online' }
  | { cmd: 'stop' };

export class ControlError extends Error {}

type Fields = Record<string, unknown>;

export function readControl(line: string): Control {
  const fields = parse(line);
  const cmd = fields['cmd'];
  switch (cmd) {
    case 'event': {
      const data = optional(fields, 'data', isObject, 'an object') ?? {};
      const count = optional(fields, 'count', isCount, 'an integer from 1 to 10,000') ?? 1;
      return { cmd, type: required(fields, 'type', isText, 'a text'), data, count };
    }
    case 'pay':
      return readPay(fields);
    case 'ask':
      return {
        cmd,
        kind: required(fields, 'kind', isText, 'a text'),
        body: optional(fields, 'p', isObject, 'an object') ?? {},
        deadlineMs: optional(fields, 'deadline_ms', isCount, 'milliseconds'),
      };
    case 'stand':
      return { cmd, personSeed: optional(fields, 'person_seed', isText, 'a text') };
    case 'behave':
      return { cmd, as: required(fields, 'as', isBehaviour, BEHAVIOURS.join(', ')) };
    case 'load': {
      const isRate = (value: unknown): value is number =>
        typeof value === 'number' && value >= 0 && value <= 10_000;
      const perSecond = required(fields, 'per_second', isRate, 'a number from 0 to 10,000');
      return { cmd, perSecond };
    }
    case 'stats':
    case 'drop':
    case 'offline':
    case 'online':
    case 'stop':
      return { cmd };
    default:
      throw new ControlError(`cmd: expected a known command, found ${JSON.stringify(cmd)}`);
  }
}

function readPay(fields: Fields): Control {
  const personSeed = optional(fields, 'person_seed', isText, 'a text');
  const probe = optional(fields, 'probe', isObject, 'an object');
  if ((personSeed === null) === (probe === null))
    throw new ControlError('pay: expected either person_seed or probe');
  return {
    cmd: 'pay',
    amount: required(fields, 'amount', Number.isSafeInteger, 'an integer of minor units') as number,
    currency: required(fields, 'currency', isText, 'a text'),
    deadlineMs: optional(fields, 'deadline_ms', isCount, 'milliseconds'),
    description: optional(fields, 'description', isText, 'a text'),
    personSeed,
    probe,
  };
}

function parse(line: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ControlError('expected one JSON object on a line');
  }
  if (!isObject(value)) throw new ControlError('expected one JSON object on a line');
  return value;
}

function required<T>(
  fields: Fields,
  name: string,
  is: ((value: unknown) => value is T) | ((value: unknown) => boolean),
  expected: string,
): T {
  const value = fields[name];
  if (is(value)) return value as T;
  throw new ControlError(
    `${name}: expected ${expected}, found ${JSON.stringify(value) ?? 'nothing'}`,
  );
}

function optional<T>(
  fields: Fields,
  name: string,
  is: (value: unknown) => value is T,
  expected: string,
): T | null {
  const value = fields[name];
  return value === undefined || value === null ? null : required(fields, name, is, expected);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 60_000;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBehaviour(value: unknown): value is Behaviour {
  return (BEHAVIOURS as readonly unknown[]).includes(value);
}
