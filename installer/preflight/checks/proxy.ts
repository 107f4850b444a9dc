// The environment's proxy and additional authorities: read by many programs, in many ways.

import { readChain } from '../../../server/platform/crypto/certificates.ts';
import { type Check, EVERYWHERE, fail, judge, pass, skip } from '../check.ts';

const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY'] as const;

export const PROXY_CHECKS: readonly Check[] = [
  {
    id: 'proxy-settings',
    title: 'The proxy of the environment is written in a way that programs read',
    severity: 'warn',
    runtimes: EVERYWHERE,
    doc: 'Downloads of images and charts go through it. A variable without http:// in front, or written twice with different values, is read differently by each program. The database and the machine itself belong into NO_PROXY.',
    remedy:
      'Write the proxy as http://host:port, the same in capitals and small letters, and the own hosts into NO_PROXY.',
    check: async ({ env }, { config }) => {
      const complaints = NAMES.flatMap((name) => {
        const [large, small] = [env[name] ?? '', env[name.toLowerCase()] ?? ''];
        const value = large || small;
        return [
          ...(value !== '' && !isProxyUrl(value) ? [`${name} is not a URL of a proxy`] : []),
          ...(large !== '' && small !== '' && large !== small
            ? [`${name} and ${name.toLowerCase()} differ`]
            : []),
        ];
      });
      const hasProxy = NAMES.some((name) => (env[name] || env[name.toLowerCase()] || '') !== '');
      if (!hasProxy) return skip('no proxy is set');
      const { database } = config;
      const exempt = (env['NO_PROXY'] || env['no_proxy'] || '').split(/[\s,]+/);
      if (database.kind === 'postgres' && !isExempt(database.postgres.host, exempt)) {
        complaints.push(`NO_PROXY does not name the database ${database.postgres.host}`);
      }
      return judge(complaints, `a proxy, NO_PROXY ${exempt.join(',') || 'empty'}`);
    },
  },
  {
    id: 'extra-authorities',
    title: 'The additional authorities can be read',
    severity: 'fail',
    runtimes: ['process', 'container'],
    doc: 'outside.ca_file names the authorities of your site. Without them no provider behind your firewall or proxy is trusted.',
    remedy: 'Point outside.ca_file to a file of certificates in PEM.',
    check: async (host, { config }) => {
      const { ca_file: file } = config.outside;
      if (file === null) return skip('outside.ca_file is not set');
      const pem = await host.readText(file);
      if (pem === null) return fail(`${file} is not there or may not be read`);
      const count = countCertificates(pem);
      if (count === null) return fail(`${file} holds a certificate that is damaged`);
      return count === 0 ? fail(`${file} holds no certificate`) : pass(`${count} in ${file}`);
    },
  },
];

function isProxyUrl(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value);
}

function isExempt(host: string, exempt: readonly string[]): boolean {
  return exempt.some(
    (each) =>
      each === '*' ||
      each === host ||
      (each !== '' && host.endsWith(each.startsWith('.') ? each : `.${each}`)),
  );
}

function countCertificates(pem: string): number | null {
  try {
    return readChain(pem).length;
  } catch {
    return null;
  }
}
