// Every preflight check, in the order in which they run: what costs nothing first.

import type { Check } from './check.ts';
import { CLOCK_CHECKS } from './checks/clock.ts';
import { CONTAINER_CHECKS } from './checks/container.ts';
import { CPU_CHECKS } from './checks/cpu.ts';
import { DATABASE_CHECKS } from './checks/database.ts';
import { DISK_CHECKS } from './checks/disk.ts';
import { FILESYSTEM_CHECKS } from './checks/filesystem.ts';
import { INSTALLATION_CHECKS } from './checks/installation.ts';
import { KEYS_CHECKS } from './checks/keys.ts';
import { KUBERNETES_CHECKS } from './checks/kubernetes.ts';
import { MEMORY_CHECKS } from './checks/memory.ts';
import { NETWORK_CHECKS } from './checks/network.ts';
import { NODE_CHECKS } from './checks/node.ts';
import { PERMISSIONS_CHECKS } from './checks/permissions.ts';
import { POSTGRES_CHECKS } from './checks/postgres.ts';
import { PROVIDERS_CHECKS } from './checks/providers.ts';
import { PROXY_CHECKS } from './checks/proxy.ts';
import { SUPERVISION_CHECKS } from './checks/supervision.ts';
import { TLS_CHECKS } from './checks/tls.ts';
import { TRUST_CHECKS } from './checks/trust.ts';

export const CHECKS: readonly Check[] = [
  ...NODE_CHECKS,
  ...CPU_CHECKS,
  ...MEMORY_CHECKS,
  ...FILESYSTEM_CHECKS,
  ...DISK_CHECKS,
  ...CLOCK_CHECKS,
  ...SUPERVISION_CHECKS,
  ...PERMISSIONS_CHECKS,
  ...KEYS_CHECKS,
  ...TRUST_CHECKS,
  ...INSTALLATION_CHECKS,
  ...NETWORK_CHECKS,
  ...TLS_CHECKS,
  ...DATABASE_CHECKS,
  ...POSTGRES_CHECKS,
  ...PROXY_CHECKS,
  ...PROVIDERS_CHECKS,
  ...CONTAINER_CHECKS,
  ...KUBERNETES_CHECKS,
];
