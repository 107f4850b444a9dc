// A new connection, from its challenge to `claimed` or to a session. It may send one frame, small and in
// time; everything else ends it.

import { type Connection, createTokenBucket } from '../../../platform/realtime/index.ts';
import { isAppError, toError } from '../../../shared/errors.ts';
import type { Timer, World } from '../../../shared/world.ts';
import type { DevicesParts } from '../parts.ts';
import { canonical } from './canonical.ts';
import { claimDevice } from './claim-device.ts';
import { type Admitted, connectDevice } from './connect-device.ts';
import { refuseForbiddenWords } from './forbidden.ts';
import { Claim, Hello } from './frames.ts';
import { type AnyFrame, malformed, parseFrame, readAs } from './parse.ts';
import { CLOSE, LIMITS } from './protocol.ts';
import { Refusal } from './refusal.ts';
import { EXPORTER, type SessionBinding } from './signature.ts';

/** Bounds how often one address may be refused a claim. */
export interface ClaimPace {
  mayTry(address: string): boolean;
  refused(address: string): void;
}

export interface Greeting {
  connection: Connection;
  pace: ClaimPace;
  admitted(admitted: Admitted, hello: Hello, receivedAt: number): void;
}

export function greet(parts: DevicesParts, greeting: Greeting): void {
  const { connection } = greeting;
  const { world } = parts.deps;
  const { authDeadlineMs } = parts.settings.gateway;
  const nonce = Buffer.from(world.random.bytes(32));
  const deadline: Timer = world.timers.after(authDeadlineMs, () =>
    connection.close(CLOSE.authDeadline, 'expected a claim or hello in time'),
  );
  let isFirst = true;
  connection.onClose(() => deadline.cancel());
  connection.onText((text) => {
    if (!isFirst) return connection.close(CLOSE.malformed, 'expected nothing before welcome');
    isFirst = false;
    const binding: SessionBinding = {
      nonce,
      exporter: connection.exportKey(EXPORTER.label, EXPORTER.bytes),
      subprotocol: connection.protocol,
    };
    void answer(parts, greeting, { text, binding })
      .catch((thrown: unknown) => refuse(parts, connection, toError(thrown)))
      .finally(() => deadline.cancel());
  });
  connection.send({
    t: 'challenge',
    nonce: nonce.toString('base64url'),
    sid: Buffer.from(world.random.bytes(8)).toString('hex'),
    ts: world.clock.now(),
    alg: ['Ed25519', 'P-256'],
    auth_ms: authDeadlineMs,
  });
}

async function answer(
  parts: DevicesParts,
  greeting: Greeting,
  { text, binding }: { text: string; binding: SessionBinding },
): Promise<void> {
  const receivedAt = parts.deps.world.clock.now();
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.authFrameBytes)
    throw malformed(
      `expected at most ${LIMITS.authFrameBytes} bytes before welcome, found ${bytes}`,
    );
  const raw = parseFrame(text);
  if (canonical(raw) === null)
    throw malformed(
      'expected canonical JSON (integers, plain ASCII, 4 levels), found other values',
    );
  if (raw.t === 'claim') return claim(parts, greeting, { raw, binding });
  if (raw.t !== 'hello')
    throw malformed(`/t: expected claim or hello, found ${raw.t.slice(0, 40)}`);
  refuseForbiddenWords(raw);
  const frame = readAs(Hello, raw);
  const admitted = await connectDevice(parts, { frame, raw, binding });
  greeting.admitted(admitted, frame, receivedAt);
}

async function claim(
  parts: DevicesParts,
  { connection, pace }: Greeting,
  { raw, binding }: { raw: AnyFrame; binding: SessionBinding },
): Promise<void> {
  const { remoteAddress } = connection;
  if (!pace.mayTry(remoteAddress)) throw new Refusal(CLOSE.tooMuch, 'too many refused claims');
  refuseForbiddenWords(raw);
  const frame = readAs(Claim, raw);
  const claimed = await claimDevice(parts, { frame, raw, binding });
  if (claimed === null) {
    pace.refused(remoteAddress);
    throw new Refusal(CLOSE.claimRefused, 'claim refused');
  }
  connection.send(claimed);
  connection.close(CLOSE.claimed, 'claimed: now say hello');
}

function refuse({ deps }: DevicesParts, connection: Connection, error: Error): void {
  if (error instanceof Refusal) {
    const { code, message } = error;
    deps.log.info({ close_code: code, reason: message }, 'a device connection was refused');
    return connection.close(code, message);
  }
  if (!isAppError(error)) deps.log.error({ err: error }, 'a device could not be let in');
  connection.close(CLOSE.internal, 'internal: connect again');
}

const PACE_ADDRESSES_MAX = 10_000;

export function createClaimPace(world: Pick<World, 'monotonic'>): ClaimPace {
  const refusals = new Map<string, ReturnType<typeof createTokenBucket>>();
  const burst = LIMITS.claimRefusalsPerMinute;
  return {
    mayTry: (address) => refusals.get(address)?.waitMs() === 0 || !refusals.has(address),
    refused: (address) => {
      if (refusals.size >= PACE_ADDRESSES_MAX) refusals.clear();
      const bucket =
        refusals.get(address) ??
        createTokenBucket(world.monotonic, { perSecond: burst / 60, burst });
      bucket.take();
      refusals.set(address, bucket);
    },
  };
}
