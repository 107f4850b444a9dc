// Registers a device: its row, unclaimed, and its own node under the site or zone where it stands.

import { transaction, type OrgDatabase } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { createNode } from '../access/index.ts';
import { type Actor, tell } from '../audit/index.ts';
import type { Device } from './device.ts';
import { insertDevice } from './store-devices.ts';

export interface NewDevice {
  /** The site or zone. */
  nodeId: string;
  name: string;
  model: string | null;
  serial: string | null;
  actor: Actor;
  traceId: string | null;
}

export function registerDevice(deps: Deps, db: OrgDatabase, wanted: NewDevice): Promise<Device> {
  const { name, model, serial, actor, traceId } = wanted;
  return transaction(db, async (tx) => {
    const node = await createNode(deps, tx, {
      parentId: wanted.nodeId,
      kind: 'device',
      name,
      actor,
      traceId,
    });
    const device: Device = {
      id: deps.ids.make('device'),
      nodeId: node.id,
      name,
      model,
      serial,
      firmware: null,
      status: 'unclaimed',
      keyId: null,
      keyAlgorithm: null,
      publicKey: null,
      eventEpoch: null,
      eventAcked: 0,
      commandEpoch: Buffer.from(deps.world.random.bytes(8)).toString('hex'),
      commandNext: 1,
      commandApplied: 0,
      createdAt: deps.world.clock.now(),
      version: 1,
    };
    await insertDevice(tx, device);
    await tell(deps, tx, {
      type: 'device.created',
      subject: { kind: 'device', id: device.id },
      nodeId: node.id,
      actor,
      data: { parent_id: wanted.nodeId, model },
      traceId,
    });
    return device;
  });
}
