// Keeps a gateway's certificate fresh while it runs: looks now and then whether its files hold, or want, a
// newer one. What fails is logged and tried again; the one in use goes on. The anchor that terminals pin is
// never changed under them.

import { toError } from '../../shared/errors.ts';
import type { World } from '../../shared/world.ts';
import type { Deps } from '../deps.ts';
import type { GatewayIdentity } from './appliance-authority.ts';

export interface RenewalParts {
  world: Pick<World, 'timers'>;
  log: Deps['log'];
  /** The one in use at the start. */
  current: GatewayIdentity;
  /** Reads the files, making anew what is too old. */
  open(): GatewayIdentity;
  /** For new handshakes; open connections keep theirs. */
  use(identity: GatewayIdentity): void;
}

/** A third of a certificate's life is months: an hour is often enough, and cheap. */
export const RENEWAL_LOOK_MS = 3_600_000;

export function keepIdentityFresh(parts: RenewalParts): { stop(): void } {
  const { world, log, open, use } = parts;
  let { current } = parts;
  const look = (): void => {
    try {
      const found = open();
      if (found.certPem === current.certPem) return;
      if (found.anchorPin !== current.anchorPin) {
        const why = 'its anchor is another one: restart, and claim the terminals anew';
        return log.error({ why }, 'a new certificate of the device gateway is not used');
      }
      use(found);
      current = found;
      log.info('the device gateway uses its renewed certificate');
    } catch (thrown) {
      log.error({ err: toError(thrown) }, 'the certificate of the device gateway was not renewed');
    }
  };
  const timer = world.timers.every(RENEWAL_LOOK_MS, look);
  return { stop: () => timer.cancel() };
}
