// The gateway's own certificate, where the customer gives one. Read with the same words as the server.

import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readChain } from '../../../server/platform/crypto/certificates.ts';
import { type Check, fail, type Finding, judge, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PreflightHost } from '../host.ts';
import { onMachine } from '../on-machine.ts';

const DAY_MS = 86_400_000;
const EXPIRY_NOTICE_DAYS = 30;

export const TLS_CHECKS: readonly Check[] = [
  {
    id: 'tls-pair',
    title: 'Certificate and private key of the gateway belong together',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'With the key of another certificate no terminal gets through a handshake.',
    remedy:
      'Point gateway.tls.cert_file and gateway.tls.key_file to the two files of one request, as PEM.',
    check: withCertificate(async ({ leaf, key }) => {
      if (key === null) return fail('gateway.tls.key_file cannot be read');
      try {
        return leaf.checkPrivateKey(createPrivateKey(key))
          ? pass(`the key is that of ${leaf.subject.replaceAll('\n', ', ')}`)
          : fail('the key is that of another certificate');
      } catch {
        return fail('gateway.tls.key_file is not a private key in PEM without a passphrase');
      }
    }),
  },
  {
    id: 'tls-valid-now',
    title: 'The certificate of the gateway is valid today',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Terminals refuse an expired certificate and one that is not valid yet; every certificate of the chain counts.',
    remedy: 'Have the certificate renewed, or correct the clock.',
    check: withCertificate(async ({ chain, now }) => {
      const complaints = chain.flatMap((each, index) => {
        const [from, to] = [Date.parse(each.validFrom), Date.parse(each.validTo)];
        if (now < from) return [`certificate ${index + 1} is valid from ${dateOf(from)}`];
        return now > to ? [`certificate ${index + 1} expired on ${dateOf(to)}`] : [];
      });
      return judge(complaints, `${chain.length} certificates are valid`);
    }),
  },
  {
    id: 'tls-expiry',
    title: 'The certificate of the gateway does not expire soon',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'When it expires, every door stops at the same second.',
    remedy: 'Have the certificate renewed now, and put the day into your calendar.',
    check: withCertificate(async ({ chain, now }) => {
      const first = Math.min(...chain.map((each) => Date.parse(each.validTo)));
      const days = Math.floor((first - now) / DAY_MS);
      const found = `it expires on ${dateOf(first)}, in ${days} days`;
      return days >= EXPIRY_NOTICE_DAYS ? pass(found) : fail(found);
    }),
  },
  {
    id: 'tls-names',
    title: 'The certificate of the gateway covers its public names',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'A terminal compares the name it dialled with the names in the certificate.',
    remedy: 'Have the certificate made for all of gateway.public_names, or shorten that list.',
    check: withCertificate(async ({ leaf, config }) => {
      const missing = config.gateway.public_names.filter((name) => !covers(leaf, name));
      const says = leaf.subjectAltName ?? 'no names';
      return missing.length === 0
        ? pass(says)
        : fail(`it does not cover ${missing.join(', ')}; it says ${says}`);
    }),
  },
  {
    id: 'tls-chain',
    title: 'The certificate chain of the gateway is in order',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Each certificate of the file must be signed by the next one, the own one first. Terminals with small stacks do not sort.',
    remedy: 'Order the file: own certificate, then each issuer, without strangers between.',
    check: withCertificate(async ({ chain }) => {
      const complaints = chain.slice(1).flatMap((issuer, index) => {
        const below = chain[index];
        const isRight = below?.checkIssued(issuer) === true && below.verify(issuer.publicKey);
        return isRight
          ? []
          : [`certificate ${index + 1} is not signed by certificate ${index + 2}`];
      });
      return judge(complaints, `${chain.length} certificates, in order`);
    }),
  },
];

interface Given {
  leaf: X509Certificate;
  chain: readonly X509Certificate[];
  /** PEM. */
  key: string | null;
  config: PreflightContext['config'];
  now: number;
}

function withCertificate(look: (given: Given) => Promise<Finding>): Check['check'] {
  return async (host: PreflightHost, context: PreflightContext) => {
    const { config } = context;
    const { cert_file: certFile, key_file: keyName } = config.gateway.tls;
    if (certFile === null) return skip('the appliance issues its own certificate');
    const file = onMachine(certFile, context);
    if (file === null) return skip(`${certFile} is not on this machine`);
    const pem = await host.readText(file);
    if (pem === null) return fail(`${file} is not there or may not be read`);
    const chain = readCertificates(pem);
    const leaf = chain[0];
    if (leaf === undefined) return fail(`${file} holds no certificate in PEM`);
    const keyFile = keyName === null ? null : onMachine(keyName, context);
    const key = keyFile === null ? null : await host.readText(keyFile);
    return look({ leaf, chain, key, config, now: host.nowMs() });
  };
}

function readCertificates(pem: string): readonly X509Certificate[] {
  try {
    return readChain(pem);
  } catch {
    return []; // a block that is not a certificate
  }
}

function covers(certificate: X509Certificate, name: string): boolean {
  return isIP(name) === 0
    ? certificate.checkHost(name) !== undefined
    : certificate.checkIP(name) !== undefined;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
