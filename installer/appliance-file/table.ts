// The settings of appliance.yaml itself, in the same shape as the server's. `config` (the server's settings)
// and `helm.values` (the chart's) are read beside it.

import { host, integer, listOf, oneOf, optional, path, port, text } from '../../config/formats.ts';
import { setting, type ValuesOf } from '../../config/setting.ts';
import { namedSettings, type NamedSetting } from '../../config/table.ts';

const name = text(53, {
  regexp: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  words: 'a name of lower-case letters, digits and -, up to 53, starting with a letter',
});
const user = text(32, {
  regexp: /^[a-z_][a-z0-9_-]*$/,
  words: 'the name of a user of this machine',
});
const numericUser = text(21, {
  regexp: /^\d{1,10}:\d{1,10}$/,
  words: 'numeric ids of user and group such as 10001:10001',
});
const image = text(255, {
  regexp: /^[a-z0-9][a-zA-Z0-9._:/@-]*$/,
  words: 'an image such as sallyport:0.1.0 or name@sha256:…',
});

export const APPLIANCE_TABLE = {
  version: setting({
    doc: "The version of this file's shape.",
    format: integer({ min: 1, max: 1 }),
    default: 1,
  }),
  name: setting({
    doc: 'Name of the unit, the container, the Helm release.',
    format: name,
    default: 'sallyport',
  }),
  runtime: setting({
    doc: 'How the appliance runs here.',
    format: oneOf('process', 'container', 'helm'),
    default: 'process',
  }),
  process: {
    home: setting({
      doc: 'The folder of everything that is installed.',
      format: path,
      default: '/opt/sallyport',
    }),
    supervisor: setting({
      doc: 'Who keeps the server running. pidfile: nobody; it is started once, for machines without systemd.',
      format: oneOf('systemd', 'pidfile'),
      default: 'systemd',
    }),
    user: setting({
      doc: 'The user the server runs as. null: the one who installs.',
      format: optional(user),
      default: null,
    }),
    unit_dir: setting({
      doc: 'Where systemd looks for units.',
      format: path,
      default: '/etc/systemd/system',
    }),
  },
  container: {
    engine: setting({
      doc: 'The program that runs containers.',
      format: oneOf('podman', 'docker'),
      default: 'podman',
    }),
    home: setting({
      doc: 'The folder of data, secrets and configuration on this machine.',
      format: path,
      default: '/opt/sallyport',
    }),
    image: setting({ doc: 'The image.', format: image, default: 'localhost/sallyport:0.1.0' }),
    archive: setting({
      doc: 'A file to load the image from when it is not there. null: the engine pulls it.',
      format: optional(path),
      default: null,
    }),
    user: setting({
      doc: 'Ids the server runs under. null: those of who installs, or 10001:10001 for root.',
      format: optional(numericUser),
      default: null,
    }),
    options: setting({
      doc: 'More options for the run command, such as --memory=1g.',
      format: listOf(text(200), 32),
      default: [],
    }),
  },
  helm: {
    namespace: setting({ doc: 'The namespace.', format: name, default: 'sallyport' }),
    chart: setting({
      doc: "The chart's folder or archive.",
      format: path,
      default: './helm/sallyport',
    }),
    image: setting({ doc: 'The image.', format: image, default: 'sallyport:0.1.0' }),
    context: setting({
      doc: 'The context of the kubeconfig. null: its current one.',
      format: optional(text(200)),
      default: null,
    }),
    timeout_ms: setting({
      doc: 'How long Helm waits for the release to be ready before it goes back.',
      format: integer({ min: 10_000, max: 3_600_000 }, 'milliseconds'),
      default: 300_000,
    }),
    existing_secret: setting({
      doc: "A Secret with the server's secrets. null: the chart's own.",
      format: optional(name),
      default: null,
    }),
    api_url: setting({
      doc: 'Where verify reaches the REST API from here (an ingress, or a forwarded port).',
      format: optional(text(500)),
      default: null,
    }),
  },
  evaluation: {
    host: setting({
      doc: 'Where the simulated providers of `sallyport story` listen.',
      format: host,
      default: '127.0.0.1',
    }),
    stripe_port: setting({ doc: 'Port of the Stripe twin.', format: port, default: 12_111 }),
    stripe_control_port: setting({ doc: 'Its control.', format: port, default: 12_112 }),
    veriff_port: setting({ doc: 'Port of the Veriff twin.', format: port, default: 12_121 }),
    veriff_control_port: setting({ doc: 'Its control.', format: port, default: 12_122 }),
  },
};

export const APPLIANCE_SETTINGS: ReadonlyMap<string, NamedSetting> = new Map(
  namedSettings(APPLIANCE_TABLE).map((entry) => [entry.path, entry]),
);

export const APPLIANCE_SECTIONS: ReadonlySet<string> = new Set(
  Object.keys(APPLIANCE_TABLE).filter((key) => !APPLIANCE_SETTINGS.has(key)),
);

export type ApplianceSettings = ValuesOf<typeof APPLIANCE_TABLE>;
