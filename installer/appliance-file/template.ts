// The commented appliance.yaml that `init` writes.

import { join } from 'node:path';
import type { Answers } from './answers.ts';

export function renderApplianceFile(answers: Answers): string {
  return `# The appliance: how it runs here, and the server's settings below \`config\`.
#   sallyport plan | apply | status | verify | uninstall --file THIS_FILE
# Every setting of \`config\`: docs/configuration.md; what lies where: docs/box.md.

version: 1 # of this file's shape
name: ${answers.name} # of the unit, the container or the Helm release
runtime: ${answers.runtime} # process | container | helm
${runtimeSection(answers)}${evaluationSection(answers)}
config:
  profile: ${answers.profile} # the defaults underneath: config/profiles/
  http:
    port: ${answers.port} # the REST API; plain HTTP on loopback, TLS ends in front of it
${publicUrl(answers)}  gateway:
    port: ${answers.gatewayPort} # terminals connect here, with TLS
    # These go into the appliance's own certificate.
    public_names: [${listOf(answers.publicNames)}]
${databaseSection(answers)}  bootstrap:
    organization: ${JSON.stringify(answers.organization)} # made at the first start, with its API key in data/
  payments:
    currency_default: ${answers.currency}
${providersSection(answers)}`;
}

function runtimeSection(answers: Answers): string {
  const { runtime, home } = answers;
  if (runtime === 'process') {
    return `
process:
  home: ${home} # releases, data, secrets, configuration
  supervisor: ${answers.supervisor} # systemd | pidfile (started once, by nobody again)
  # user: sallyport # an existing user to run as
`;
  }
  if (runtime === 'container') {
    return `
container:
  engine: ${answers.engine} # podman | docker
  home: ${home} # data, secrets, configuration
  image: ${JSON.stringify(answers.image)}
  # archive: ./sallyport-0.1.0.tar # loaded when the image is not there
  # user: '10001:10001'
`;
  }
  return `
helm:
  namespace: ${answers.namespace}
  chart: ${answers.chart}
  image: ${JSON.stringify(answers.image)}
  # existing_secret: sallyport-secrets # with the server's secrets
  # api_url: https://door.example.com # for verify
  values: {} # more values of the chart
`;
}

function evaluationSection({ profile }: Answers): string {
  if (profile !== 'evaluation') return '';
  return `
# Simulated providers: \`sallyport story\` starts them on these ports and stops them again.
evaluation:
  host: 127.0.0.1
  stripe_port: 12111
  stripe_control_port: 12112
  veriff_port: 12121
  veriff_control_port: 12122
`;
}

function publicUrl({ profile, port }: Answers): string {
  return profile === 'evaluation'
    ? `    public_url: http://127.0.0.1:${port} # where the simulated providers send their webhooks\n`
    : '    # public_url: https://door.example.com # needed for ingress: webhook\n';
}

function databaseSection({ database }: Answers): string {
  if (database === 'sqlite') return '  database:\n    kind: sqlite # a file in data/\n';
  return `  database:
    kind: postgres
    postgres:
      host: 127.0.0.1
      # The three roles and the database exist already; one file each, mode 600.
      owner_password: { file: ./owner-password }
      app_password: { file: ./app-password }
      engine_password: { file: ./engine-password }
`;
}

function providersSection(answers: Answers): string {
  if (answers.profile !== 'evaluation') {
    return `    # offline: { enabled: true } # accept within limits while the provider cannot be reached
  # providers:
  #   stripe:
  #     enabled: true
  #     ingress: poll # needs no address that is reachable from outside
  #     secret_key: { file: ./stripe-secret-key }
  #   veriff:
  #     enabled: true
  #     base_url: https://stationapi.veriff.com
  #     api_key: { file: ./veriff-api-key }
  #     shared_secret: { file: ./veriff-shared-secret }
`;
  }
  const secrets =
    answers.runtime === 'helm' ? '/etc/sallyport/secrets' : join(answers.home, 'secrets');
  return `  providers: # the simulated ones; apply makes their secrets, once
    stripe:
      enabled: true
      base_url: http://127.0.0.1:12111
      secret_key: { file: ${secrets}/stripe-secret-key }
      webhook_secrets: { file: ${secrets}/stripe-webhook-secret }
    veriff:
      enabled: true
      base_url: http://127.0.0.1:12121
      api_key: { file: ${secrets}/veriff-api-key }
      shared_secret: { file: ${secrets}/veriff-shared-secret }
`;
}

function listOf(text: string): string {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .join(', ');
}
