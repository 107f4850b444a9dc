// Full jitter: a delay drawn from [0, min(cap, base * 2^n)), so that what failed together does not
// come back together. What the other side asked for (Retry-After) is a floor under it. Pure.

export interface BackoffLimits {
  backoffBaseMs: number;
  backoffCapMs: number;
}

/** `failures` is 1 after the first failure; `fraction` is uniform in [0, 1). */
export function backoffMs(limits: BackoffLimits, failures: number, fraction: number): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 40); // 2^40 is far above any cap
  const ceiling = Math.min(limits.backoffCapMs, limits.backoffBaseMs * 2 ** exponent);
  return Math.floor(ceiling * fraction);
}

/** Never before the floor, and spread over one base interval after it. */
export function backoffFromFloorMs(
  limits: BackoffLimits,
  floorMs: number,
  fraction: number,
): number {
  return Math.ceil(floorMs) + Math.floor(limits.backoffBaseMs * fraction);
}
