// A connection that must end, with the close code and the words that the device is told.

export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.name = 'Refusal';
    this.code = code;
  }
}
