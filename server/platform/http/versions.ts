// Dated API versions. The newest code is the only real code; an older version is a list of small
// changes laid over it. The version is pinned on the key and may be overridden per request.

import { AppError } from '../../shared/errors.ts';

export interface ApiVersion {
  date: string;
  /** Makes a request of the version before this one into a request of this one. */
  upgradeRequest?(operationId: string, body: unknown): unknown;
  /** Makes an answer of this version into an answer of the one before. */
  downgradeAnswer?(operationId: string, answer: unknown): unknown;
}

/** Oldest first. */
export const API_VERSIONS: readonly ApiVersion[] = [{ date: '2026-11-21' }];

export function newestVersion(versions: readonly ApiVersion[] = API_VERSIONS): string {
  return versions.at(-1)?.date ?? '';
}

export function checkVersion(versions: readonly ApiVersion[], wanted: string): string {
  if (versions.some((version) => version.date === wanted)) return wanted;
  const known = versions.map((version) => version.date).join(', ');
  throw new AppError(
    'unknown_version',
    `Expected Sallyport-Version to be one of ${known}, found ${JSON.stringify(wanted.slice(0, 40))}.`,
  );
}

export function upgradeRequest(
  versions: readonly ApiVersion[],
  from: string,
  { operationId, body }: { operationId: string; body: unknown },
): unknown {
  return changesAfter(versions, from).reduce(
    (value, version) => version.upgradeRequest?.(operationId, value) ?? value,
    body,
  );
}

export function downgradeAnswer(
  versions: readonly ApiVersion[],
  to: string,
  { operationId, answer }: { operationId: string; answer: unknown },
): unknown {
  return changesAfter(versions, to).reduceRight(
    (value, version) => version.downgradeAnswer?.(operationId, value) ?? value,
    answer,
  );
}

function changesAfter(versions: readonly ApiVersion[], date: string): readonly ApiVersion[] {
  return versions.slice(versions.findIndex((version) => version.date === date) + 1);
}
