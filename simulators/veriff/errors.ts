// Veriff's refusals: a status, its published code and a message. Throwing one undoes the request.

export class VeriffError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const notFound = (id: string): VeriffError =>
  new VeriffError(404, 1104, `Session ${id} was not found`);

export function failBody(code: number, message: string): Record<string, unknown> {
  return { status: 'fail', code: String(code), message };
}
