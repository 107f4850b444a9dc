// helm as a customer runs it. It must be on the PATH; its answers are parsed, its errors handed back as text.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const CHART = join(import.meta.dirname, '..', '..', 'helm', 'sallyport');

/** Said to `helm template`, which asks no cluster: what it assumes itself depends on how it was built. */
const KUBE_VERSION = '1.30.0';

/** An object of Kubernetes, as far as tests look into it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Rendered = any;

export interface Answer {
  status: number;
  output: string;
  errors: string;
}

export function helm(...words: readonly string[]): Answer {
  const ran = spawnSync('helm', words, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (ran.error !== undefined) {
    throw new Error(`helm: expected it on the PATH, found ${ran.error.message}`);
  }
  return { status: ran.status ?? -1, output: ran.stdout, errors: ran.stderr };
}

/** As `helm`, while this process goes on. */
export function helmBeside(words: readonly string[]): Promise<Answer> {
  const child = spawn('helm', words);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code ?? -1, output, errors }));
  });
}

/** What `helm template` makes of the chart with these values, hooks and all. */
export function render(values: object = {}, ...words: readonly string[]): Rendered[] {
  const answer = template(values, ...words);
  if (answer.status !== 0) throw new Error(answer.errors);
  return parseAllDocuments(answer.output)
    .map((document) => {
      if (document.errors.length > 0) throw new Error(String(document.errors[0]));
      return document.toJS();
    })
    .filter((object) => object !== null);
}

/** The message with which helm refuses these values; throws when it does not. */
export function refusal(values: object): string {
  const answer = template(values);
  if (answer.status === 0) throw new Error('helm accepted these values');
  return answer.errors;
}

export function template(values: object, ...words: readonly string[]): Answer {
  return templateOf(CHART, values, ...words);
}

/** The same of another chart, e.g. one that has this one as a part. */
export function templateOf(chart: string, values: object, ...words: readonly string[]): Answer {
  return withValues(values, (file) =>
    helm(
      'template',
      'box',
      chart,
      '--namespace',
      'site',
      '--kube-version',
      KUBE_VERSION,
      '--values',
      file,
      ...words,
    ),
  );
}

/** The values in a file, while `run` runs. JSON is YAML. */
export function withValues<T>(values: object, run: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-values-'));
  try {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, JSON.stringify(values));
    return run(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The one object of this kind and name. */
export function pick(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.filter((each) => each.kind === kind && each.metadata.name === name);
  if (found.length !== 1) {
    const there = objects.map((each) => `${each.kind} ${each.metadata.name}`).join(', ');
    throw new Error(`expected one ${kind} ${name}, found ${found.length} in ${there}`);
  }
  return found[0];
}

export function names(objects: readonly Rendered[], kind: string): string[] {
  return objects.filter((each) => each.kind === kind).map((each) => String(each.metadata.name));
}

/** The pod of the server, whichever workload holds it. */
export function serverPod(objects: readonly Rendered[]): Rendered {
  const workload = objects.find((each) => ['Deployment', 'StatefulSet'].includes(each.kind));
  return workload.spec.template;
}

/** Every pod template of the release: the server's and the jobs'. */
export function podTemplates(objects: readonly Rendered[]): Rendered[] {
  return objects.flatMap((each) => (each.spec?.template === undefined ? [] : [each.spec.template]));
}

/** The server itself. */
export function container(objects: readonly Rendered[]): Rendered {
  return serverPod(objects).spec.containers[0];
}

export function volume(pod: Rendered, name: string): Rendered {
  return pod.spec.volumes.find((each: Rendered) => each.name === name);
}
