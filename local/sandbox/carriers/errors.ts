/** An answer that is no success; each carrier writes it in its own way. */
export class CarrierError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const invalid = (code: string, message: string) => new CarrierError(400, code, message);
