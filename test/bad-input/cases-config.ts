// Wrong configurations, given to the commands a person would give them to.

import type { BadCase } from './bad-case.ts';
import { checkFile, runCommand } from './send-command.ts';
import type { Stage } from './stage.ts';

type ConfigCase = readonly [title: string, yaml: string, says: readonly string[]];

const FILES: readonly ConfigCase[] = [
  [
    'a setting whose name is mistyped',
    'http:\n  prot: 8080\n',
    ['site.yaml:2:3', 'http.prot', 'expected the name of a setting', 'did you mean http.port?'],
  ],
  [
    'a port that is a word',
    'http:\n  port: eighty\n',
    ['site.yaml:2:9', 'http.port', 'expected a port', 'found the text "eighty"'],
  ],
  [
    'a port beyond 65535',
    'gateway:\n  port: 70000\n',
    ['gateway.port', 'from 0 to 65535', 'found the number 70000'],
  ],
  [
    'a profile that does not exist',
    'profile: prod\n',
    ['site.yaml:1:10', 'profile', 'expected', 'found the text "prod"'],
  ],
  [
    'a bracket that is never closed',
    'http: [1, 2\n',
    ['site.yaml:1:7', 'a ] that closes the [ here'],
  ],
  [
    'the same key twice',
    'http:\n  port: 1\nhttp:\n  port: 2\n',
    ['site.yaml:3', 'expected', 'found'],
  ],
  [
    'a list where a group of settings belongs',
    'http:\n  - port\n',
    ['http', 'expected', 'found a list of 1'],
  ],
  [
    'a secret of the wrong kind, which must not be repeated',
    'providers:\n  stripe:\n    secret_key: [sk_live_hidden]\n',
    ['providers.stripe.secret_key', 'expected a text', 'found a list of 1'],
  ],
  [
    'a cluster on SQLite',
    'profile: cluster\ndatabase:\n  kind: sqlite\n',
    ['database.kind', 'expected postgres', 'found sqlite'],
  ],
  [
    'one port for both listeners',
    'http:\n  port: 8443\ngateway:\n  port: 8443\n',
    ['gateway.port', 'expected another port than http.port', 'found 8443 for both'],
  ],
  [
    'an enabled provider without its key',
    'profile: evaluation\nproviders:\n  stripe:\n    enabled: true\n    ingress: poll\n',
    ['providers.stripe.secret_key', 'expected a value', 'found nothing'],
  ],
  [
    'a default page longer than the longest',
    'api:\n  page_limit_default: 500\n  page_limit_max: 100\n',
    ['api.page_limit_default', 'expected at most api.page_limit_max', 'found the number 500'],
  ],
];

export const CONFIG_CASES: readonly BadCase[] = [
  ...FILES.map(([title, yaml, says], index) => ({
    id: `config-${String(index + 1).padStart(2, '0')}`,
    edge: 'config' as const,
    title,
    send: () => checkFile(yaml),
    expect: { code: 'exit 2', says },
  })),
  {
    id: 'config-13',
    edge: 'config',
    title: 'the server started beside a running one with a wrong environment',
    send: (stage) => startServer(stage, ['all'], { SALLYPORT_HTTP_PORT: 'eighty' }),
    expect: {
      code: 'exit 2',
      says: ['environment SALLYPORT_HTTP_PORT', 'http.port', 'expected a port', '"eighty"'],
    },
  },
  {
    id: 'config-14',
    edge: 'config',
    title: 'an environment variable of ours that names no setting',
    send: (stage) => startServer(stage, ['all'], { SALLYPORT_HTTP_PROT: '8080' }),
    expect: { code: 'exit 2', says: ['SALLYPORT_HTTP_PROT', 'expected', 'found'] },
  },
  {
    id: 'config-15',
    edge: 'config',
    title: 'a role the server does not have',
    send: (stage) => startServer(stage, ['wroker'], {}),
    expect: { code: 'exit 2', says: ['usage:', 'all|api|gateway|worker|migrate|check'] },
  },
];

/** With the running appliance's own environment: its database is within reach of what goes wrong. */
function startServer(
  stage: Stage,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): ReturnType<typeof runCommand> {
  return runCommand({ program: 'server/main.ts', argv, env: { ...stage.serverEnv, ...env } });
}
