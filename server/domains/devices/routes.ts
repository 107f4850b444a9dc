// The table of device routes.

import { type AnyRoute, route } from '../../platform/http/route.ts';
import { notFound } from '../../shared/errors.ts';
import { actorOf } from '../access/index.ts';
import { changeStatus, type StatusChange } from './change-status.ts';
import { issueClaim } from './issue-claim.ts';
import type { DevicesParts } from './parts.ts';
import { presentClaim, presentCommand, presentDevice, presentDeviceEvent } from './present.ts';
import { registerDevice } from './register-device.ts';
import * as schemas from './schemas.ts';
import { sendCommand } from './send-command.ts';
import { findCommand } from './store-commands.ts';
import { findDevice, listDevices } from './store-devices.ts';
import { cursorOfEvent, listDeviceEvents } from './store-events.ts';

export function deviceRoutes(parts: DevicesParts): readonly AnyRoute[] {
  return [...registryRoutes(parts), ...statusRoutes(parts), ...commandRoutes(parts)];
}

function registryRoutes(parts: DevicesParts): readonly AnyRoute[] {
  const now = (): number => parts.deps.world.clock.now();
  return [
    route({
      operationId: 'createDevice',
      method: 'POST',
      path: '/v1/devices',
      summary: 'Register a device, unclaimed',
      tag: 'Devices',
      action: 'device.create',
      resource: { kind: 'node', bodyField: 'node_id' },
      idempotency: 'accepted',
      body: schemas.NewDevice,
      answer: schemas.Device,
      status: 201,
      run: ({ db, body, caller, traceId }) =>
        registerDevice(parts.deps, db, {
          nodeId: body.node_id,
          name: body.name,
          model: body.model ?? null,
          serial: body.serial ?? null,
          actor: actorOf(caller),
          traceId,
        }),
      present: (device) => presentDevice(device, now()),
      versionOf: (device) => device.version,
      locationOf: (device) => `/v1/devices/${device.id}`,
    }),
    route({
      operationId: 'listDevices',
      method: 'GET',
      path: '/v1/devices',
      summary: 'The devices within reach',
      tag: 'Devices',
      action: 'device.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'cursor',
      query: schemas.DeviceFilter,
      answer: schemas.Device,
      status: 200,
      run: ({ db, scope, query, page }) =>
        listDevices(db, { scope, status: query.status ?? null }, page),
      present: (page) => page.data.map((device) => presentDevice(device, now())),
    }),
    route({
      operationId: 'getDevice',
      method: 'GET',
      path: '/v1/devices/:device_id',
      summary: 'One device',
      tag: 'Devices',
      action: 'device.read',
      resource: { kind: 'device', param: 'device_id' },
      idempotency: 'none',
      params: schemas.DeviceParams,
      answer: schemas.Device,
      status: 200,
      run: async ({ db, params }) => {
        const device = await findDevice(db, params.device_id);
        if (device === null) throw notFound('device', params.device_id);
        return device;
      },
      present: (device) => presentDevice(device, now()),
    }),
    route({
      operationId: 'createDeviceClaimCode',
      method: 'POST',
      path: '/v1/devices/:device_id/claim-codes',
      summary: 'Issue a claim code',
      description:
        'Single use, fifteen minutes, five attempts. Earlier codes of the device stop working. A device that ' +
        'has a key already keeps it until the new code is used.',
      tag: 'Devices',
      action: 'device.claim',
      resource: { kind: 'device', param: 'device_id' },
      idempotency: 'accepted',
      params: schemas.DeviceParams,
      answer: schemas.ClaimCode,
      status: 201,
      run: ({ db, params, caller, traceId }) =>
        issueClaim(parts, db, { deviceId: params.device_id, actor: actorOf(caller), traceId }),
      present: presentClaim,
    }),
    route({
      operationId: 'listDeviceEvents',
      method: 'GET',
      path: '/v1/devices/:device_id/events',
      summary: 'What a device reported, in the order received',
      tag: 'Devices',
      action: 'device_event.read',
      resource: { kind: 'device', param: 'device_id' },
      idempotency: 'none',
      pagination: 'cursor',
      params: schemas.DeviceParams,
      query: schemas.DeviceEventFilter,
      answer: schemas.DeviceEvent,
      status: 200,
      run: ({ db, params, query, page }) =>
        listDeviceEvents(db, { deviceId: params.device_id, type: query.type ?? null }, page),
      present: (page) => page.data.map(presentDeviceEvent),
      cursorOf: (page) => {
        const last = page.data.at(-1);
        return last === undefined ? '' : cursorOfEvent(last);
      },
    }),
  ];
}

function statusRoutes(parts: DevicesParts): readonly AnyRoute[] {
  const change = (
    move: StatusChange['move'],
    action: string,
    { operationId, summary }: { operationId: string; summary: string },
  ): AnyRoute =>
    route({
      operationId,
      method: 'POST',
      path: `/v1/devices/:device_id/${move}`,
      summary,
      tag: 'Devices',
      action,
      resource: { kind: 'device', param: 'device_id' },
      idempotency: 'accepted',
      params: schemas.DeviceParams,
      answer: schemas.Device,
      status: 200,
      run: ({ db, params, caller, traceId }) =>
        changeStatus(parts, db, {
          deviceId: params.device_id,
          move,
          actor: actorOf(caller),
          traceId,
        }),
      present: (device) => presentDevice(device, parts.deps.world.clock.now()),
      versionOf: (device) => device.version,
    });
  return [
    change('suspend', 'device.suspend', {
      operationId: 'suspendDevice',
      summary: 'Bar a device until it is resumed; its connection ends',
    }),
    change('resume', 'device.suspend', {
      operationId: 'resumeDevice',
      summary: 'Let a suspended device connect again',
    }),
    change('revoke', 'device.revoke', {
      operationId: 'revokeDevice',
      summary: 'Bar a device for good; its connection ends',
    }),
  ];
}

function commandRoutes(parts: DevicesParts): readonly AnyRoute[] {
  return [
    route({
      operationId: 'createDeviceCommand',
      method: 'POST',
      path: '/v1/devices/:device_id/commands',
      summary: 'Send a command to a device',
      description:
        'Durable: it reaches the device now or when it connects, within its lifetime. `unknown` means sent and ' +
        'never answered in time; a late answer still settles it.',
      tag: 'Devices',
      action: 'device.command',
      resource: { kind: 'device', param: 'device_id' },
      idempotency: 'accepted',
      params: schemas.DeviceParams,
      body: schemas.NewCommand,
      answer: schemas.Command,
      status: 202,
      run: ({ db, params, body, caller, traceId }) =>
        sendCommand(parts, db, {
          deviceId: params.device_id,
          method: body.method,
          params: body.params,
          lifeMs: body.expires_in_ms ?? null,
          actor: actorOf(caller),
          traceId,
        }),
      present: presentCommand,
      locationOf: (command) => `/v1/devices/${command.deviceId}/commands/${command.id}`,
    }),
    route({
      operationId: 'getDeviceCommand',
      method: 'GET',
      path: '/v1/devices/:device_id/commands/:command_id',
      summary: 'One command and what became of it',
      tag: 'Devices',
      action: 'device.read',
      resource: { kind: 'device', param: 'device_id' },
      idempotency: 'none',
      params: schemas.CommandParams,
      answer: schemas.Command,
      status: 200,
      run: async ({ db, params }) => {
        const command = await findCommand(db, params.device_id, params.command_id);
        if (command === null) throw notFound('command', params.command_id);
        return command;
      },
      present: presentCommand,
      versionOf: (command) => command.version,
    }),
  ];
}
