import { describe, expect, test } from '@jest/globals';
import { nearest } from '../../config/nearest.ts';

const KNOWN = ['http.port', 'http.host', 'gateway.port', 'log.level'];

describe('the nearest known name', () => {
  test.each([
    ['http.prot', 'http.port'],
    ['http.hst', 'http.host'],
    ['htp.port', 'http.port'],
    ['level', 'log.level'],
    ['http.port', 'http.port'],
  ])('of %s is %s', (name, expected) => {
    expect(nearest(name, KNOWN)).toBe(expected);
  });

  test.each(['', 'zzzzzzzz', 'telemetry.endpoint'])('of %j is none', (name) => {
    expect(nearest(name, KNOWN)).toBeNull();
  });
});
