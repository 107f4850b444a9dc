// The noun: the answer to "who is this?", and how scores become one. Pure.

import type { Modality } from './template.ts';

export type Outcome = 'match' | 'no_match' | 'ambiguous' | 'poor_quality' | 'unknown_extractor';

export interface Identification {
  outcome: Outcome;
  /** Set on a match only: a near miss names nobody. */
  personId: string | null;
  /** Cosine of the best person's best template; null when nothing was searched. */
  score: number | null;
  /** Distance to the second best person; null when there is none. */
  margin: number | null;
  threshold: number;
  gallerySize: number;
  modality: Modality;
  extractor: string;
  /** Found by this appliance among many; a match asserted by a terminal is another class. */
  evidenceClass: 'appliance_1n';
  tookMs: number;
}

/** The best score of one person. */
export interface Candidate {
  personId: string;
  score: number;
}

export type Verdict = Pick<Identification, 'outcome' | 'personId' | 'score' | 'margin'>;

/** `candidates`: best person first, at least two when the gallery has two. */
export function judge(
  candidates: readonly Candidate[],
  { threshold, marginMin }: { threshold: number; marginMin: number },
): Verdict {
  const [best, second] = candidates;
  if (best === undefined) return { outcome: 'no_match', personId: null, score: null, margin: null };
  const margin = second === undefined ? null : best.score - second.score;
  const found = { score: best.score, margin };
  if (best.score < threshold) return { ...found, outcome: 'no_match', personId: null };
  if (margin !== null && margin < marginMin) {
    return { ...found, outcome: 'ambiguous', personId: null };
  }
  return { ...found, outcome: 'match', personId: best.personId };
}
