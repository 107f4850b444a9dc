// Rules of the two listeners.

import type { Config } from '../table.ts';
import type { RuleBreach } from './breach.ts';

export function listenerRules({ http, gateway, profile }: Config): RuleBreach[] {
  const found: RuleBreach[] = [];
  if (http.port !== 0 && http.port === gateway.port) {
    found.push({
      path: 'gateway.port',
      besides: ['http.port'],
      expected: 'another port than http.port',
      found: `${gateway.port} for both`,
    });
  }
  const { cert_file: cert, key_file: key } = gateway.tls;
  if ((cert === null) !== (key === null)) {
    const [missing, given] = cert === null ? ['cert_file', 'key_file'] : ['key_file', 'cert_file'];
    found.push({
      path: `gateway.tls.${missing}`,
      besides: [`gateway.tls.${given}`],
      expected: 'certificate and key together, or neither',
      found: `nothing, while ${given} is given`,
    });
  }
  if (mustBeHttps(profile) && http.public_url?.startsWith('http:') === true) {
    found.push({
      path: 'http.public_url',
      besides: ['profile'],
      expected: `an https:// URL in the ${profile} profile`,
      found: http.public_url,
    });
  }
  return found;
}

/** Twins on loopback speak plain HTTP; only the two profiles that run them may. */
export function mustBeHttps(profile: Config['profile']): boolean {
  return profile !== 'evaluation' && profile !== 'drill';
}
