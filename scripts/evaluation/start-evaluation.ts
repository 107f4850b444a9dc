// The evaluation appliance: provider twins, the server and, unless it is told not to, the story. The
// twins are the world outside; the server is only given their addresses, as it would be given Stripe's.
// Ctrl-C stops the server first, then the world.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Child, startChild } from './child-process.ts';
import { type EvaluationSecrets, loadEvaluationSecrets } from './secrets.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const READY_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 15_000;

interface Twin {
  child: Child;
  api: string;
  control: string;
  database: string;
}

export async function startEvaluation(argv: string[]): Promise<void> {
  const options = readOptions(argv);
  mkdirSync(join(options.data, 'logs'), { recursive: true, mode: 0o700 });
  const secrets = loadEvaluationSecrets(join(options.data, 'evaluation-secrets.json'));
  const children: Child[] = [];
  let stopping = false;
  const stop = async (code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    for (const child of children.toReversed()) await child.stop(STOP_GRACE_MS);
    process.exit(code);
  };
  process.once('SIGINT', () => void stop(0));
  process.once('SIGTERM', () => void stop(0));
  try {
    const stripe = await startTwin('stripe', options, stripeFlags(secrets));
    children.push(stripe.child);
    const veriff = await startTwin('veriff', options, veriffFlags(secrets));
    children.push(veriff.child);
    const server = startServer(options, secrets, { stripe, veriff });
    children.push(server);
    const ready = await server.firstLineWith('ready', READY_TIMEOUT_MS);
    const api = String(ready['api']);
    const apiKey = readFileSync(join(options.data, 'bootstrap-api-key'), 'utf8').trim();
    await connectWebhooks({ api, apiKey, stripe, veriff, secrets });
    const environmentFile = writeEnvironment(options, { api, stripe, veriff });
    announce({ api, gateway: String(ready['gateway']), apiKey, data: options.data });
    for (const child of children) {
      void child.ended.then((code) => {
        if (!stopping) console.error(`${child.name} ended with code ${code}; stopping the rest.`);
        return stop(1);
      });
    }
    if (options.story) await playStory(environmentFile, stop);
    if (options.exit) await stop(0);
    else if (options.story && !stopping) console.log(STAYS_UP);
  } catch (error) {
    console.error((error as Error).message);
    await stop(1);
  }
}

interface Options {
  data: string;
  story: boolean;
  exit: boolean;
  port: string;
  gatewayPort: string;
  population: number;
}

const STAYS_UP = '\nThe appliance stays up. Ctrl-C stops it; `npx sallyport story` tells it again.';

const USAGE = `usage: npm start -- [options]
  --no-story          serve without the story
  --exit-after-story  end when it was told
  --data DIR          where everything is written (data)
  --port N            of the API (8080)
  --gateway-port N    of the device gateway (8443)
  --population N      people to import (10000)`;

function readOptions(argv: string[]): Options {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        data: { type: 'string', default: 'data' },
        'no-story': { type: 'boolean', default: false },
        'exit-after-story': { type: 'boolean', default: false },
        port: { type: 'string', default: '8080' },
        'gateway-port': { type: 'string', default: '8443' },
        population: { type: 'string', default: '10000' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return {
      data: resolve(values.data),
      story: !values['no-story'],
      exit: values['exit-after-story'],
      port: values.port,
      gatewayPort: values['gateway-port'],
      population: Number(values.population),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

async function startTwin(
  name: 'stripe' | 'veriff',
  { data }: Options,
  flags: readonly string[],
): Promise<Twin> {
  const database = join(data, `${name}-twin.db`);
  const main = join(ROOT, 'simulators', name, 'main.ts');
  const child = startChild({
    name: `the ${name} twin`,
    args: [main, '--port', '0', '--control-port', '0', '--database', database, ...flags],
    logFile: join(data, 'logs', `${name}-twin.log`),
  });
  const line = await child.firstLineWith('twin', READY_TIMEOUT_MS);
  return { child, api: String(line['api']), control: String(line['control']), database };
}

function stripeFlags(secrets: EvaluationSecrets): string[] {
  return ['--secret-key', secrets.stripeSecretKey];
}

function veriffFlags(secrets: EvaluationSecrets): string[] {
  return ['--api-key', secrets.veriffApiKey, '--shared-secret', secrets.veriffSharedSecret];
}

function startServer(
  options: Options,
  secrets: EvaluationSecrets,
  twins: { stripe: Twin; veriff: Twin },
): Child {
  return startChild({
    name: 'the server',
    args: [join(ROOT, 'server', 'main.ts')],
    env: {
      NODE_COMPILE_CACHE: join(options.data, 'compile-cache'),
      SALLYPORT_PROFILE: 'evaluation',
      SALLYPORT_DATA_DIR: options.data,
      SALLYPORT_HTTP_PORT: options.port,
      SALLYPORT_HTTP_PUBLIC_URL: `http://127.0.0.1:${options.port}`,
      SALLYPORT_GATEWAY_PORT: options.gatewayPort,
      SALLYPORT_PROVIDERS_STRIPE_ENABLED: 'true',
      SALLYPORT_PROVIDERS_STRIPE_BASE_URL: twins.stripe.api,
      SALLYPORT_PROVIDERS_STRIPE_SECRET_KEY: secrets.stripeSecretKey,
      SALLYPORT_PROVIDERS_STRIPE_WEBHOOK_SECRETS: secrets.stripeWebhookSecret,
      SALLYPORT_PROVIDERS_VERIFF_ENABLED: 'true',
      SALLYPORT_PROVIDERS_VERIFF_BASE_URL: twins.veriff.api,
      SALLYPORT_PROVIDERS_VERIFF_API_KEY: secrets.veriffApiKey,
      SALLYPORT_PROVIDERS_VERIFF_SHARED_SECRET: secrets.veriffSharedSecret,
    },
    logFile: join(options.data, 'logs', 'server.log'),
  });
}

interface Wiring {
  api: string;
  apiKey: string;
  stripe: Twin;
  veriff: Twin;
  secrets: EvaluationSecrets;
}

/** What a person does in each provider's dashboard: tell it where our ingress is. */
async function connectWebhooks({ api, apiKey, stripe, veriff, secrets }: Wiring): Promise<void> {
  const response = await fetch(`${api}/v1/provider-accounts`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const page = (await response.json()) as { data: { id: string; provider: string }[] };
  const twins = { stripe, veriff };
  for (const { id, provider } of page.data) {
    const secret = provider === 'stripe' ? secrets.stripeWebhookSecret : secrets.veriffSharedSecret;
    await fetch(`${twins[provider as keyof typeof twins].control}/webhook`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${api}/v1/ingress/${id}`, secret }),
    });
  }
}

function writeEnvironment(
  options: Options,
  { api, stripe, veriff }: { api: string; stripe: Twin; veriff: Twin },
): string {
  const file = join(options.data, 'story-environment.json');
  const address = ({ api: url, control, database }: Twin) => ({ api: url, control, database });
  const environment = {
    api,
    apiKeyFile: join(options.data, 'bootstrap-api-key'),
    workDir: join(options.data, 'story'),
    twins: { stripe: address(stripe), veriff: address(veriff) },
    database: { kind: 'sqlite', file: join(options.data, 'sallyport.db') },
    population: options.population,
  };
  writeFileSync(file, `${JSON.stringify(environment, null, 2)}\n`, { mode: 0o600 });
  return file;
}

function announce(at: { api: string; gateway: string; apiKey: string; data: string }): void {
  console.log(`Sallyport is listening (evaluation profile, data in ${at.data})

   REST API         ${at.api}
   API docs         ${at.api}/docs
   Device gateway   ${at.gateway}
   API key          ${at.apiKey}

   curl -H "authorization: Bearer ${at.apiKey}" ${at.api}/v1/whoami`);
}

async function playStory(
  environmentFile: string,
  stop: (code: number) => Promise<void>,
): Promise<void> {
  const { runStory } = await import('../../installer/story/run-story.ts');
  const { readEnvironment } = await import('../../installer/story/environment.ts');
  const told = await runStory(readEnvironment(environmentFile), ROOT, (line) => console.log(line));
  if (!told) await stop(1);
}
