// The only door of devices: their registry, claim codes and commands by REST, and the gateway that speaks
// dgw.1 with them. What a question or a command's result means is handed in.

import type { OrgDatabase, OrgQueryable } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute } from '../../platform/http/route.ts';
import type { Metrics } from '../../platform/metrics/metrics.ts';
import type { Command } from './command.ts';
import type { Device } from './device.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { type IssuedClaim, issueClaim } from './issue-claim.ts';
import type { DevicesOptions, DevicesParts } from './parts.ts';
import { type NewDevice, registerDevice } from './register-device.ts';
import { deviceRoutes } from './routes.ts';
import { type NewCommand, sendCommand } from './send-command.ts';
import { findDevice } from './store-devices.ts';

export type { Command, CommandStatus } from './command.ts';
export type { Device, DeviceStatus } from './device.ts';
export type { Gateway } from './gateway/gateway.ts';
export { PATH as DEVICE_PATH, SUBPROTOCOL } from './gateway/protocol.ts';
export type {
  CommandResult,
  Decision,
  DecisionAnswer,
  DecisionContext,
  DecisionRequest,
  DeviceContext,
  DevicesOptions,
  DevicesSettings,
} from './parts.ts';

export interface Devices {
  register(db: OrgDatabase, wanted: NewDevice): Promise<Device>;
  issueClaim(db: OrgDatabase, wanted: Parameters<typeof issueClaim>[2]): Promise<IssuedClaim>;
  sendCommand(db: OrgDatabase, wanted: NewCommand): Promise<Command>;
  /** Not started: compose decides in which roles it runs. */
  gateway: Gateway;
  locators: Readonly<Record<'device', (db: OrgQueryable, id: string) => Promise<string | null>>>;
  routes: readonly AnyRoute[];
}

export function createDevices(deps: Deps, options: DevicesOptions, metrics?: Metrics): Devices {
  const { endpoint, gateway: listener } = options.settings;
  const parts: DevicesParts = {
    ...options,
    deps,
    hint: (deviceId) => gateway.hint(deviceId),
    endpoint: () => ({
      host: endpoint.host,
      port: endpoint.port ?? gateway.port() ?? listener.port,
      pin: options.identity.anchorPin,
    }),
    failuresTold: new Map(),
  };
  const gateway = createGateway(parts, metrics);
  return {
    register: (db, wanted) => registerDevice(deps, db, wanted),
    issueClaim: (db, wanted) => issueClaim(parts, db, wanted),
    sendCommand: (db, wanted) => sendCommand(parts, db, wanted),
    gateway,
    locators: { device: async (db, id) => (await findDevice(db, id))?.nodeId ?? null },
    routes: deviceRoutes(parts),
  };
}
