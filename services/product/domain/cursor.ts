/** Where a page ended: the id of its last product, and its rank where the list is ordered by relevance. */
export interface Cursor {
  id: string;
  /** Decimal text, so that it compares exactly. */
  rank?: string;
}

/** Opaque to callers; they hand it back unchanged. */
export function encodeCursor({ id, rank }: Cursor): string {
  return Buffer.from(JSON.stringify(rank === undefined ? [id] : [id, rank])).toString('base64url');
}

/** Undefined for anything encodeCursor did not make. */
export function decodeCursor(text: string): Cursor | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(parts) || parts.length < 1 || parts.length > 2) return undefined;
    const [id, rank] = parts as unknown[];
    if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) return undefined;
    if (rank === undefined) return { id };
    return typeof rank === 'string' && /^\d{1,6}(\.\d{1,12})?$/.test(rank) ? { id, rank } : undefined;
  } catch {
    return undefined;
  }
}
