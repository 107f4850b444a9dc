// What `init` asks: each question with its flag, its default and what it accepts. The formats are those of
// the tables, so that an answer that is taken is one that apply takes.

import type { Format } from '../../config/setting.ts';
import { SETTINGS } from '../../config/table.ts';
import { APPLIANCE_SETTINGS } from './table.ts';

export interface Answers {
  runtime: string;
  name: string;
  home: string;
  profile: string;
  database: string;
  publicNames: string;
  currency: string;
  organization: string;
  port: string;
  gatewayPort: string;
  supervisor: string;
  engine: string;
  image: string;
  chart: string;
  namespace: string;
}

export const DEFAULT_ANSWERS: Readonly<Answers> = {
  runtime: 'process',
  name: 'sallyport',
  home: '/opt/sallyport',
  profile: 'single',
  database: 'sqlite',
  publicNames: 'localhost,127.0.0.1',
  currency: 'EUR',
  organization: 'Example',
  port: '8080',
  gatewayPort: '8443',
  supervisor: 'systemd',
  engine: 'podman',
  image: 'localhost/sallyport:0.1.0',
  chart: './helm/sallyport',
  namespace: 'sallyport',
};

export interface Question {
  key: keyof Answers;
  flag: string;
  asks: string;
  /** Asked only then; a flag is always taken. */
  when(answers: Answers): boolean;
  /** What is wrong with an answer, or null. */
  refuse(text: string): string | null;
}

const always = (): boolean => true;
const never = (): boolean => false;
const onMachine = ({ runtime }: Answers): boolean => runtime !== 'helm';
const inRuntime =
  (name: string) =>
  ({ runtime }: Answers): boolean =>
    runtime === name;

export const QUESTIONS: readonly Question[] = [
  own('runtime', 'runtime', { asks: 'Runtime: process, container or helm', when: always }),
  own('name', 'name', { asks: 'Name of the appliance', when: always }),
  own('home', 'process.home', { asks: 'Folder to install to', when: onMachine }),
  own('supervisor', 'process.supervisor', {
    asks: 'Who keeps the server running: systemd or pidfile',
    when: inRuntime('process'),
  }),
  own('engine', 'container.engine', {
    asks: 'Container engine: podman or docker',
    when: inRuntime('container'),
  }),
  own('image', 'container.image', {
    asks: 'Image',
    when: (answers) => !inRuntime('process')(answers),
  }),
  own('namespace', 'helm.namespace', { asks: 'Namespace', when: inRuntime('helm') }),
  own('chart', 'helm.chart', { asks: 'Folder of the chart', when: inRuntime('helm') }),
  server('profile', 'profile', {
    asks: 'Profile: single, cluster, or evaluation (with simulated providers)',
    when: always,
  }),
  server('database', 'database.kind', { asks: 'Database: sqlite or postgres', when: always }),
  server('publicNames', 'gateway.public_names', {
    flag: 'public-name',
    asks: 'Names and addresses by which terminals reach it, separated by commas',
    when: always,
  }),
  server('currency', 'payments.currency_default', { asks: 'Currency', when: always }),
  server('organization', 'bootstrap.organization', { asks: 'First organization', when: always }),
  server('port', 'http.port', { asks: 'Port of the REST API', when: never }),
  server('gatewayPort', 'gateway.port', { asks: 'Port of the device gateway', when: never }),
];

interface Wording {
  flag?: string;
  asks: string;
  when: (answers: Answers) => boolean;
}

function own(key: keyof Answers, path: string, wording: Wording): Question {
  return question(key, APPLIANCE_SETTINGS.get(path)?.format, wording);
}

function server(key: keyof Answers, path: string, wording: Wording): Question {
  return question(key, SETTINGS.get(path)?.format, wording);
}

function question(
  key: keyof Answers,
  format: Format<unknown> | undefined,
  { flag, asks, when }: Wording,
): Question {
  if (format === undefined) throw new Error(`Invariant broken: ${key} asks for no setting`);
  return {
    key,
    flag: flag ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    asks,
    when,
    refuse: (text) =>
      format.accepts(format.fromText(text))
        ? null
        : `Expected ${format.expected}, found ${JSON.stringify(text)}.`,
  };
}
