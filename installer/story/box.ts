// The world around an installed box for one telling: the simulated providers that its configuration names,
// told where its ingress is, and what the story needs to know. The box itself is not touched.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/load.ts';
import { type ApplianceFile, homeOf } from '../appliance-file/read.ts';
import { ExitError } from '../exit-codes.ts';
import { apiUrl } from '../runtimes/well.ts';
import type { StoryEnvironment, VerifierDatabase } from './environment.ts';
import { startTwin, type TwinProcess } from './twin-process.ts';

export interface BoxWorld {
  environment: StoryEnvironment;
  stop(): Promise<void>;
}

export interface BoxOptions {
  /** Where simulators/ lies. */
  root: string;
  population: number;
  /** For a box whose data is not on this machine (Helm). */
  workDir?: string;
  apiKeyFile?: string;
}

export async function openBoxWorld(
  appliance: ApplianceFile,
  { root, population, ...given }: BoxOptions,
): Promise<BoxWorld> {
  const { config, settings } = appliance;
  requireTwins(config);
  const home = homeOf(settings);
  requireInstalled(home, given.apiKeyFile ?? config.bootstrap.api_key_file);
  const workDir = given.workDir ?? join(home ?? '.', 'story');
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  const at = settings.evaluation;
  const twins: TwinProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const twin of twins.toReversed()) await twin.stop();
  };
  try {
    const { stripe, veriff } = config.providers;
    const common = { root, workDir, host: at.host };
    const stripeTwin = await startTwin({
      ...common,
      name: 'stripe',
      port: at.stripe_port,
      controlPort: at.stripe_control_port,
      flags: ['--secret-key', stripe.secret_key ?? ''],
    });
    twins.push(stripeTwin);
    const veriffTwin = await startTwin({
      ...common,
      name: 'veriff',
      port: at.veriff_port,
      controlPort: at.veriff_control_port,
      flags: [
        ...['--api-key', veriff.api_key ?? ''],
        ...['--shared-secret', veriff.shared_secret ?? ''],
      ],
    });
    twins.push(veriffTwin);
    const environment: StoryEnvironment = {
      api: settings.helm.api_url ?? apiUrl(config),
      apiKeyFile: given.apiKeyFile ?? config.bootstrap.api_key_file,
      workDir,
      twins: { stripe: stripeTwin, veriff: veriffTwin },
      database: databaseOf(appliance),
      population,
    };
    await connectWebhooks(environment, config);
    return { environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function requireTwins({ profile, providers }: Config): void {
  const { stripe, veriff } = providers;
  if (profile === 'evaluation' && stripe.enabled && veriff.enabled) return;
  throw new ExitError(
    'badInput',
    `The story needs simulated providers: expected profile evaluation with Stripe and Veriff enabled, found profile ${profile}. \`sallyport init --profile evaluation\` writes such a file.`,
  );
}

/** Before anything is written or started. */
function requireInstalled(home: string | null, apiKeyFile: string): void {
  if (home !== null && !existsSync(join(home, 'current'))) {
    throw new ExitError(
      'notInstalled',
      `Nothing is installed in ${home}: run \`sallyport apply\` first.`,
    );
  }
  if (existsSync(apiKeyFile)) return;
  throw new ExitError(
    'badInput',
    `Expected the first API key in ${apiKeyFile}, found no such file. --api-key-file names another one.`,
  );
}

function databaseOf({ config, secretFiles }: ApplianceFile): VerifierDatabase {
  const { kind, sqlite, postgres } = config.database;
  if (kind === 'sqlite') return { kind: 'sqlite', file: sqlite.file };
  const passwordFile = secretFiles.get('database.postgres.app_password');
  if (passwordFile === undefined) {
    throw new ExitError(
      'badInput',
      'database.postgres.app_password: expected { file: path }, because the verifier reads it; found it in place.',
    );
  }
  const { host, port, name, app_user: user } = postgres;
  return { kind: 'postgres', host, port, name, user, passwordFile };
}

/** What a person does in each provider's dashboard: tell it where the ingress is. */
async function connectWebhooks(
  { api, apiKeyFile, twins }: StoryEnvironment,
  { http, providers }: Config,
): Promise<void> {
  const key = readFileSync(apiKeyFile, 'utf8').trim();
  const response = await fetch(`${api}/v1/provider-accounts`, {
    headers: { authorization: `Bearer ${key}` },
  });
  if (!response.ok) {
    throw new Error(`GET /v1/provider-accounts: expected 200, found ${response.status}`);
  }
  const page = (await response.json()) as {
    data: { id: string; provider: 'stripe' | 'veriff' }[];
  };
  const secrets = {
    stripe: providers.stripe.webhook_secrets[0] ?? '',
    veriff: providers.veriff.shared_secret ?? '',
  };
  for (const { id, provider } of page.data) {
    const url = `${http.public_url ?? api}/v1/ingress/${id}`;
    const told = await fetch(`${twins[provider].control}/webhook`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url, secret: secrets[provider] }),
    });
    if (!told.ok) throw new Error(`The ${provider} twin refused its webhook: ${told.status}`);
  }
}
