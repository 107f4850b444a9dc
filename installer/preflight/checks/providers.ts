// The providers outside: reached from here, and able to tell us what happened.

import { isIP } from 'node:net';
import { type Check, EVERYWHERE, fail, type Finding, judge, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PreflightHost } from '../host.ts';

const TIMEOUT_MS = 8_000;
/** RFC 1918, 6598, 3927, 4193, 4291: nobody outside can call these. */
const PRIVATE =
  /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd]|fe80)/i;

export const PROVIDERS_CHECKS: readonly Check[] = [
  reachable('stripe', 'Stripe'),
  reachable('veriff', 'Veriff'),
  {
    id: 'provider-ingress',
    title: 'Providers that call us can',
    severity: 'warn',
    runtimes: EVERYWHERE,
    doc: 'With ingress webhook a provider calls http.public_url from the internet. A name that leads to a private address is never reached; what was missed is then asked for later, by polling.',
    remedy:
      'Publish http.public_url to the internet (only /v1/ingress is needed), or set the ingress of the provider to poll or relay.',
    check: async (host, { config }) => {
      const calling = (['stripe', 'veriff'] as const).filter(
        (name) => config.providers[name].enabled && config.providers[name].ingress === 'webhook',
      );
      if (calling.length === 0) return skip('no provider calls us');
      const { hostname } = new URL(config.http.public_url ?? 'http://[::1]');
      const name = hostname.replace(/^\[|\]$/g, '');
      const addresses = isIP(name) === 0 ? await host.resolve(name) : [name];
      if (addresses.length === 0) return fail(`${name} does not resolve`);
      const inside = addresses.filter((address) => PRIVATE.test(address));
      return inside.length === addresses.length
        ? fail(`${name} is ${inside.join(', ')}, which ${calling.join(' and ')} cannot reach`)
        : pass(`${name} is ${addresses.join(', ')}`);
    },
  },
  {
    id: 'provider-mode',
    title: 'The keys of the providers are of the right kind',
    severity: 'warn',
    runtimes: EVERYWHERE,
    doc: 'A test key in production takes no money; a live key in a rehearsal takes real money. Publishable keys (pk_) cannot do what the server does.',
    remedy: 'Give providers.stripe.secret_key the restricted or secret key of the right mode.',
    check: async (_host, { config: { profile, providers }, hiddenSecrets }) => {
      const key = providers.stripe.secret_key;
      if (!providers.stripe.enabled || key === null) return skip('Stripe is not used');
      if (hiddenSecrets.has('providers.stripe.secret_key')) return skip('it lies in the cluster');
      const isRehearsal = profile === 'evaluation' || profile === 'drill';
      return judge(
        [
          ...(/^(?:sk|rk)_/.test(key) ? [] : ['the Stripe key begins with neither sk_ nor rk_']),
          ...(/^(?:sk|rk)_test_/.test(key) && !isRehearsal
            ? [`a test key of Stripe in the ${profile} profile`]
            : []),
          ...(/^(?:sk|rk)_live_/.test(key) && isRehearsal
            ? [`a live key of Stripe in the ${profile} profile`]
            : []),
        ],
        `the kind that the ${profile} profile wants`,
      );
    },
  },
];

function reachable(name: 'stripe' | 'veriff', title: string): Check {
  return {
    id: `provider-${name}`,
    title: `${title} is reached from here`,
    severity: 'warn',
    runtimes: EVERYWHERE,
    doc: `The way the server goes, through outside.proxy_url if it is set. Any answer counts, with a certificate that Node trusts. Without one the appliance works offline, within its limits.`,
    remedy:
      'Let this machine out to that host and port, set outside.proxy_url if a proxy is the way, or name your own authority in outside.ca_file (in a cluster: caBundle) if a firewall opens TLS.',
    check: async (host, context) => look(host, context, name),
  };
}

async function look(
  host: PreflightHost,
  { config, hiddenSecrets, target: { runtime } }: PreflightContext,
  name: 'stripe' | 'veriff',
): Promise<Finding> {
  const { enabled, base_url: url } = config.providers[name];
  if (!enabled || url === null) return skip('it is not used');
  const { proxy_url: proxyUrl, proxy_password: password } = config.outside;
  if (proxyUrl !== null && hiddenSecrets.has('outside.proxy_password')) {
    return skip('the password of the proxy lies in the cluster');
  }
  const { ca_file: own } = config.outside;
  const inherited = host.env['NODE_EXTRA_CA_CERTS'] ?? '';
  // A pod is given the chart's bundle, which this machine may know; a server here only what the setting names.
  const caFile = own ?? (runtime === 'helm' && inherited !== '' ? inherited : null);
  const ca = caFile === null ? null : await host.readText(caFile);
  const options = { timeoutMs: TIMEOUT_MS, ...(ca === null ? {} : { ca }) };
  // As the server does: only https goes through the proxy.
  const proxied = proxyUrl !== null && url.startsWith('https:');
  const way = proxied ? `${url} through ${proxyUrl}` : url;
  const answer = await host.request(
    url,
    proxied ? { ...options, proxy: { url: proxyUrl, password } } : options,
  );
  if (answer.ok) return pass(`${way} answers ${answer.status}`);
  const found = `${way}: ${CODES[answer.code] ?? answer.code}`;
  if (own === null && runtime !== 'helm' && inherited !== '' && isUnknownAuthority(answer.code)) {
    return fail(found, `Set outside.ca_file: ${inherited}. ${NOT_INHERITED}`);
  }
  const named = host.env['HTTPS_PROXY'] ?? host.env['https_proxy'] ?? '';
  return !proxied && named !== ''
    ? fail(found, 'Set outside.proxy_url: the server does not read HTTPS_PROXY of the environment.')
    : fail(found);
}

const NOT_INHERITED = 'The server does not read NODE_EXTRA_CA_CERTS of the environment.';

function isUnknownAuthority(code: string): boolean {
  return /SELF_SIGNED|UNABLE_TO/.test(code);
}

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve now',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ENETUNREACH: 'there is no way to that network',
  EHOSTUNREACH: 'there is no way to that machine',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority of its certificate is not known here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority of its certificate is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority of its certificate is not known here',
  CERT_HAS_EXPIRED: 'its certificate has expired (or the clock is wrong)',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (or the clock is wrong)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};
