// The shape of one preflight check, and of what it is told about the appliance to be. A check asks only
// through the host, changes nothing, and says what it found and how to mend it.

import type { Config } from '../../config/load.ts';
import type { PreflightHost } from './host.ts';

/** `fail` stops `apply`; `warn` is said and stops nothing. */
export type Severity = 'fail' | 'warn';
export type Runtime = 'process' | 'container' | 'helm';

export interface PreflightTarget {
  runtime: Runtime;
  name: string;
  /** Process and container: the folder of the installation. */
  home: string | null;
  /** Process: who keeps it running. */
  supervisor: 'systemd' | 'pidfile' | null;
  /** Process: the user it runs as; null is the one who installs. */
  user: string | null;
  /** Container: which engine. */
  engine: 'podman' | 'docker' | null;
  /** Container and helm. */
  image: string | null;
  namespace: string | null;
  /** Helm: of the kubeconfig; null means its current one. */
  kubeContext: string | null;
  /** Helm: the chart's folder. */
  chart: string | null;
  replicas: number;
  /** Helm: null means the cluster's default. */
  storageClass: string | null;
}

export interface PreflightContext {
  target: PreflightTarget;
  /** The server's settings, as the new release would run with them. */
  config: Config;
  /** Settings whose secret cannot be read from here: it lies in the cluster. */
  hiddenSecrets: ReadonlySet<string>;
  /** Files that hold the configuration, for their permissions. */
  configFiles: readonly string[];
  /** Where the data lies on this machine; null where it does not (helm). */
  dataDir: string | null;
  release: ReleaseFacts;
}

export interface ReleaseFacts {
  version: string;
  /** The folder of the sources, in which its packages are found. */
  root: string;
  migrations: readonly string[];
}

export type Outcome = 'pass' | 'fail' | 'skip';

export interface Finding {
  outcome: Outcome;
  found: string;
  /** More exact than the check's own; empty otherwise. */
  remedy: string;
}

export interface Check {
  /** Also its anchor on docs/preflight.md. Never changes: people write it into --skip. */
  id: string;
  title: string;
  severity: Severity;
  runtimes: readonly Runtime[];
  /** Why it matters; a paragraph of the page. */
  doc: string;
  /** What to do when it fails, in one sentence. */
  remedy: string;
  check(host: PreflightHost, context: PreflightContext): Promise<Finding>;
}

export const EVERYWHERE: readonly Runtime[] = ['process', 'container', 'helm'];
export const ON_THIS_MACHINE: readonly Runtime[] = ['process', 'container'];

export function pass(found: string): Finding {
  return { outcome: 'pass', found, remedy: '' };
}

export function fail(found: string, remedy = ''): Finding {
  return { outcome: 'fail', found, remedy };
}

/** The question does not arise here, or cannot be answered. */
export function skip(found: string): Finding {
  return { outcome: 'skip', found, remedy: '' };
}

/** Fails with the first complaint. */
export function judge(complaints: readonly string[], otherwise: string, remedy = ''): Finding {
  return complaints.length === 0 ? pass(otherwise) : fail(complaints.join('; '), remedy);
}
