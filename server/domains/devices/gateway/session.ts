// A welcomed connection: reads its frames and hands each to its lane. Ends it, with the reason, on whatever
// breaks the protocol; nothing of one session touches another's.

import type { Tx } from '../../../platform/database/database.ts';
import { toError } from '../../../shared/errors.ts';
import { type Connection, createTokenBucket } from '../../../platform/realtime/index.ts';
import { deviceCaller } from '../../access/index.ts';
import { type DeviceContext, type DevicesParts, TIMES } from '../parts.ts';
import { type CommandLane, createCommandLane } from './command-lane.ts';
import { type Admitted, tellDevice } from './connect-device.ts';
import { createDecisionLane, type DecisionLane } from './decision-lane.ts';
import { createEventLane, type EventLane } from './event-lane.ts';
import { Heartbeat, type Hello } from './frames.ts';
import type { Ingest } from './ingest.ts';
import type { GatewayMetrics } from './metrics.ts';
import { type AnyFrame, parseFrame, readAs } from './parse.ts';
import { CLOSE, LIMITS } from './protocol.ts';
import { Refusal } from './refusal.ts';

export interface Session {
  readonly orgId: string;
  readonly deviceId: string;
  readonly keyId: string;
  readonly gen: number;
  readonly isOpen: boolean;
  welcome(hello: Hello, receivedAt: number): void;
  receive(text: string): void;
  /** Look for commands. */
  deliver(): void;
  /** The ingest has room again. */
  room(): void;
  say(frame: object): void;
  close(code: number, reason: string): void;
  /** The connection is gone. */
  ended(): void;
  /** Writes that the device is away. */
  tellEnd(tx: Tx, code: number): Promise<unknown>;
}

export interface SessionParts {
  domain: DevicesParts;
  connection: Connection;
  admitted: Admitted;
  ingest: Ingest;
  metrics: GatewayMetrics;
}

interface Lanes {
  events: EventLane;
  decisions: DecisionLane;
  commands: CommandLane;
}

export function createSession(parts: SessionParts): Session {
  const { domain, connection, admitted } = parts;
  const { world, log } = domain.deps;
  const { device } = admitted;
  const frames = createTokenBucket(world.monotonic, {
    perSecond: LIMITS.framesPerSecond,
    burst: LIMITS.framesBurst,
  });
  const lanes = createLanes(parts, (error) => {
    log.warn({ err: error, device_id: device.id, gen: admitted.gen }, 'a device session failed');
    connection.close(CLOSE.internal, 'nothing is lost: connect and send again');
  });

  const hand = handOut(parts, lanes);

  return {
    orgId: admitted.orgId,
    deviceId: device.id,
    keyId: device.keyId ?? '',
    gen: admitted.gen,
    get isOpen() {
      return connection.isOpen;
    },
    welcome: (hello, receivedAt) => {
      connection.send(welcomeFrame(parts, hello, receivedAt));
      lanes.commands.deliver();
    },
    receive: (text) => {
      try {
        if (!frames.take()) throw new Refusal(CLOSE.tooMuch, 'too many frames');
        hand(parseFrame(text));
      } catch (thrown) {
        if (thrown instanceof Refusal) connection.close(thrown.code, thrown.message);
        else {
          log.error({ err: toError(thrown), device_id: device.id }, 'a frame could not be handled');
          connection.close(CLOSE.internal, 'internal');
        }
      }
    },
    deliver: lanes.commands.deliver,
    room: lanes.events.room,
    say: (frame) => void connection.send(frame),
    close: connection.close,
    ended: lanes.decisions.close,
    tellEnd: (tx, code) =>
      tellDevice(domain, tx, {
        device,
        type: 'device.disconnected',
        data: { gen: admitted.gen, code },
      }),
  };
}

function handOut({ domain, connection }: SessionParts, lanes: Lanes): (frame: AnyFrame) => void {
  const { clock } = domain.deps.world;
  return (frame) => {
    switch (frame.t) {
      case 'ask':
        return lanes.decisions.receive(frame);
      case 'ev':
        return lanes.events.receive(frame);
      case 'rcv':
      case 'prg':
      case 'res':
      case 'err':
        return lanes.commands.receive(frame);
      case 'hb': {
        const t2 = clock.now();
        const { ts } = readAs(Heartbeat, frame);
        return void connection.send({ t: 'time', t1: ts, t2, t3: clock.now() });
      }
      default:
        if (frame['crit'] === true)
          throw new Refusal(CLOSE.unsupported, `the frame type ${frame.t} is not supported`);
    }
  };
}

function createLanes(parts: SessionParts, fail: (error: Error) => void): Lanes {
  const { domain, connection, admitted, ingest, metrics } = parts;
  const { deps, settings, decisions } = domain;
  const { orgId, device } = admitted;
  const send = (frame: object): void => void connection.send(frame);
  const caller = deviceCaller({ orgId, id: device.id, nodeId: device.nodeId });
  const context = (): DeviceContext => ({
    device: { id: device.id, nodeId: device.nodeId, name: device.name },
    caller,
    db: deps.databases.org(orgId),
    traceId: Buffer.from(deps.world.random.bytes(16)).toString('hex'),
  });
  return {
    events: createEventLane({
      orgId,
      deviceId: device.id,
      epoch: admitted.eventEpoch,
      acked: admitted.eventAcked,
      windowEvents: settings.gateway.windowEvents,
      ingest,
      send,
      fail,
      tellMissing: (tx, { from, to }) =>
        tellDevice(domain, tx, {
          device,
          type: 'device.events_missing',
          data: { epoch: admitted.eventEpoch, from, to },
        }),
      count: metrics.events,
    }),
    decisions: createDecisionLane({
      world: deps.world,
      log: deps.log,
      decisions,
      deadlineMsMax: settings.gateway.decideDeadlineMsMax,
      context,
      send,
      observe: metrics.decision,
    }),
    commands: createCommandLane(domain, {
      gen: admitted.gen,
      context,
      send,
      isOpen: () => connection.isOpen,
      fail,
    }),
  };
}

function welcomeFrame(
  { domain, admitted }: SessionParts,
  hello: Hello,
  receivedAt: number,
): object {
  const { gateway } = domain.settings;
  const { device } = admitted;
  return {
    t: 'welcome',
    gen: admitted.gen,
    up: { ep: admitted.eventEpoch, acked: admitted.eventAcked },
    down: { ep: device.commandEpoch, applied: device.commandApplied, resume: admitted.resume },
    window: { events: gateway.windowEvents, asks: LIMITS.asksOpen, calls: LIMITS.callsOpen },
    ping_ms: gateway.pingMs,
    hb_ms: TIMES.heartbeatMs,
    time: { t1: hello.clock.ts, t2: receivedAt, t3: domain.deps.world.clock.now() },
  };
}
