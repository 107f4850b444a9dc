// One machine on which each check of the appliance and its surroundings fails, and one on which it passes.

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPreflightHost } from '../../../installer/preflight/index.ts';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { type CheckCases, homeWithDatabase } from './cases-machine.ts';
import { certificatePair, gatewayTls } from './certificates.ts';
import { type Case, POSTGRES, postgresSaying, temporaryHome } from './machine.ts';

const real = realPreflightHost({});
const HOUR_MS = 3_600_000;
const KEYS = JSON.stringify({ format: 'sallyport-keys/1', keys: [{ kid: 'k' }] });
const ROOT_JSON = '{"signed":{}}';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const installed = (version: string, files: Record<string, string> = {}): string =>
  temporaryHome({ 'current/release/package.json': JSON.stringify({ version }), ...files });
const answering = (status: number): Case['host'] & object => ({
  request: async () => ({ ok: true, status, body: '' }),
});
const stripe = (more: Record<string, string> = {}): Record<string, string> => ({
  'providers.stripe.enabled': 'true',
  'providers.stripe.secret_key': 'sk_live_1',
  ...more,
});
const webhook = (publicUrl: string): Record<string, string> =>
  stripe({
    'providers.stripe.ingress': 'webhook',
    'providers.stripe.webhook_secrets': 'whsec_1',
    'http.public_url': publicUrl,
  });

const INSTALLED_CASES: Readonly<Record<string, CheckCases>> = {
  'keys-present': {
    passes: () => ({ home: withKeys(homeWithDatabase(0)) }),
    fails: () => ({ home: homeWithDatabase(0) }),
    says: /sallyport\.db is there, but .+keys\.json is not/,
  },
  'keys-mode': {
    passes: () => ({ home: temporaryHome({ 'data/keys.json': KEYS }) }),
    fails: () => ({ home: temporaryHome({ 'data/keys.json': KEYS }, 0o640) }),
    says: /keys\.json has mode 640/,
  },
  'trust-root': {
    passes: () => ({ home: trust(sha256(ROOT_JSON)) }),
    fails: () => ({ home: trust(sha256('another')) }),
    says: /pinned is/,
  },
  'upgrade-path': {
    passes: () => ({ home: installed('0.0.9') }),
    fails: () => ({ home: installed('0.2.0') }),
    says: /0\.2\.0 is installed, this is 0\.1\.0, an older one/,
  },
  'running-healthy': {
    passes: () => ({ home: installed('0.1.0'), host: answering(200) }),
    fails: () => ({ home: installed('0.1.0'), host: answering(503) }),
    says: /says 503/,
  },
  'backup-recent': {
    passes: () => ({ home: installed('0.1.0', backupNote(2)) }),
    fails: () => ({ home: installed('0.1.0', backupNote(50)) }),
    says: /50 hours old/,
  },
  'database-intact': {
    passes: () => ({ home: homeWithDatabase(10) }),
    fails: () => ({
      home: temporaryHome({ 'data/sallyport.db': 'no database at all'.repeat(99) }),
    }),
    says: /file is not a database/,
  },
  'schema-known': {
    passes: () => ({
      home: homeWithDatabase(
        0,
        MIGRATIONS.map(({ name }) => name),
      ),
    }),
    fails: () => ({
      home: homeWithDatabase(0, [
        ...MIGRATIONS.map(({ name }) => name),
        '0999_contract_from-the-future',
      ]),
    }),
    says: /took away what this one needs: 0999_contract_from-the-future/,
  },
};

const NETWORK_CASES: Readonly<Record<string, CheckCases>> = {
  'public-names': {
    passes: () => ({ settings: { 'gateway.public_names': 'localhost,127.0.0.1' } }),
    fails: () => ({ settings: { 'gateway.public_names': 'localhost,192.0.2.7' } }),
    says: /192\.0\.2\.7, not an address of this machine/,
  },
  'public-names-outside': {
    passes: () => ({ settings: { 'gateway.public_names': 'localhost,gate.example.com' } }),
    fails: () => ({ settings: { 'gateway.public_names': 'localhost' } }),
    says: /only localhost/,
  },
  'http-exposed': {
    passes: () => ({}),
    fails: () => ({ settings: { 'http.host': '0.0.0.0' } }),
    says: /plain HTTP/,
  },
  'provider-stripe': {
    passes: () => ({ settings: stripe(), host: answering(404) }),
    fails: () => ({ settings: stripe({ 'providers.stripe.base_url': 'https://127.0.0.1:1' }) }),
    says: /nothing listens there/,
  },
  'provider-veriff': {
    passes: () => ({ settings: veriff('https://veriff.example.com'), host: answering(200) }),
    fails: () => ({ settings: veriff('https://127.0.0.1:1') }),
    says: /nothing listens there/,
  },
  'provider-ingress': {
    passes: () => ({ settings: webhook('https://203.0.113.9') }),
    fails: () => ({ settings: webhook('https://10.1.2.3/hooks') }),
    says: /10\.1\.2\.3, which stripe cannot reach/,
  },
  'provider-mode': {
    passes: () => ({ settings: stripe() }),
    fails: () => ({ settings: stripe({ 'providers.stripe.secret_key': 'sk_test_1' }) }),
    says: /a test key of Stripe in the single profile/,
  },
  'proxy-settings': {
    passes: () => ({ env: { HTTPS_PROXY: 'http://proxy.example.com:3128' } }),
    fails: () => ({ env: { HTTPS_PROXY: 'proxy.example.com:3128' } }),
    says: /HTTPS_PROXY is not a URL/,
  },
  'extra-authorities': {
    passes: () => ({ settings: { 'outside.ca_file': fileWith(certificatePair().cert) } }),
    fails: () => ({ settings: { 'outside.ca_file': fileWith('nothing of the kind') } }),
    says: /holds no certificate/,
  },
};

const TLS_CASES: Readonly<Record<string, CheckCases>> = {
  'tls-pair': {
    passes: () => ({ settings: gatewayTls(certificatePair()) }),
    fails: () => ({
      settings: gatewayTls({ ...certificatePair(), key: certificatePair().key }),
    }),
    says: /that of another certificate/,
  },
  'tls-valid-now': {
    passes: () => ({ settings: gatewayTls(certificatePair()) }),
    fails: () => ({ settings: gatewayTls(certificatePair({ days: -3 })) }),
    says: /certificate 1 expired on/,
  },
  'tls-expiry': {
    passes: () => ({ settings: gatewayTls(certificatePair()) }),
    fails: () => ({ settings: gatewayTls(certificatePair({ days: 10 })) }),
    says: /in (?:9|10) days/,
  },
  'tls-names': {
    passes: () => ({ settings: gatewayTls(certificatePair()) }),
    fails: () => ({ settings: gatewayTls(certificatePair({ names: ['gate.example.com'] })) }),
    says: /does not cover 192\.0\.2\.7/,
  },
  'tls-chain': {
    passes: () => ({ settings: gatewayTls(certificatePair()) }),
    fails: () => {
      const [one, other] = [certificatePair(), certificatePair()];
      return { settings: gatewayTls({ cert: one.cert + other.cert, key: one.key }) };
    },
    says: /certificate 2 is not signed by certificate 3/,
  },
};

const POSTGRES_CASES: Readonly<Record<string, CheckCases>> = {
  'postgres-login': {
    ...withPostgres({}),
    fails: () => ({
      settings: POSTGRES,
      host: { postgres: async () => ({ ok: false, code: '28P01', message: '' }) },
    }),
    says: /app: the password is refused/,
  },
  'postgres-version': { ...withPostgres({ versionNumber: 140_011 }), says: /Postgres 14\.11/ },
  'postgres-roles': {
    ...withPostgres({
      roles: [
        { name: 'sallyport_app', superuser: true, bypassesRls: false, canLogin: true },
        { name: 'sallyport_engine', superuser: false, bypassesRls: true, canLogin: true },
      ],
    }),
    says: /sallyport_app is a superuser; sallyport_engine has BYPASSRLS/,
  },
  'postgres-owner': { ...withPostgres({ mayCreate: false }), says: /may not make tables/ },
  'postgres-encoding': { ...withPostgres({ encoding: 'LATIN1' }), says: /LATIN1/ },
  'postgres-durability': {
    ...withPostgres({ fsync: 'off', synchronousCommit: 'local' }),
    says: /fsync is off; synchronous_commit is local/,
  },
  'postgres-connections': {
    ...withPostgres({ connectionsMax: 30 }),
    says: /room for 23 of 30 connections, 32 needed/,
  },
  'postgres-tls': {
    passes: () => ({ settings: POSTGRES }),
    fails: () => ({ settings: { ...POSTGRES, 'database.postgres.tls.mode': 'require' } }),
    says: /tls\.mode is require/,
  },
};

export const APPLIANCE_CASES: Readonly<Record<string, CheckCases>> = {
  ...INSTALLED_CASES,
  ...NETWORK_CASES,
  ...TLS_CASES,
  ...POSTGRES_CASES,
};

function withPostgres(wrong: Parameters<typeof postgresSaying>[0]): Omit<CheckCases, 'says'> {
  return {
    passes: () => ({ settings: POSTGRES, host: postgresSaying({}) }),
    fails: () => ({ settings: POSTGRES, host: postgresSaying(wrong) }),
  };
}

function withKeys(home: string): string {
  writeFileSync(join(home, 'data/keys.json'), KEYS, { mode: 0o600 });
  return home;
}

function trust(digest: string): string {
  return temporaryHome({ 'config/trust/root.json': ROOT_JSON, 'config/trust/root.sha256': digest });
}

function backupNote(hours: number): Record<string, string> {
  const at = new Date(real.nowMs() - hours * HOUR_MS).toISOString();
  return { 'state/backup.json': JSON.stringify({ finished_at: at }) };
}

function veriff(url: string): Record<string, string> {
  return {
    'providers.veriff.enabled': 'true',
    'providers.veriff.base_url': url,
    'providers.veriff.api_key': 'x',
    'providers.veriff.shared_secret': 'x',
  };
}

function fileWith(text: string): string {
  return join(temporaryHome({ 'ca.pem': text }), 'ca.pem');
}
