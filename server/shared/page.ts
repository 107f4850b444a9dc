// Keyset pages: what a list asks for and what it answers. The cursor's codec is in platform/http.

export interface PageRequest {
  limit: number;
  /** The last id of the previous page; rows after it follow. */
  after: string | null;
}

export interface Page<T> {
  data: readonly T[];
  hasMore: boolean;
}

/** Stores fetch `limit + 1` rows; the surplus row only tells that there is more. */
export function toPage<T>(rows: readonly T[], limit: number): Page<T> {
  return { data: rows.slice(0, limit), hasMore: rows.length > limit };
}
