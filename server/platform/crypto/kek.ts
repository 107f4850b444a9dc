// What holds the root keys: a file, later a PKCS#11 token, a transit engine or a cloud's key service.
// Asynchronous, because most of them are far away: unwrap before a transaction, never inside one.

export interface WrappedKey {
  /** Which root key wrapped it. */
  kid: string;
  wrapped: Buffer;
}

export interface KekHealth {
  ok: boolean;
  /** For a person to read; never a key. */
  detail: string;
}

export interface KekProvider {
  /** Wraps under the newest root key. `aad` names what the key is for and must be given again. */
  wrap(key: Buffer, aad: Buffer): Promise<WrappedKey>;
  /** Throws SealBrokenError when it does not open, AppError `sealed` when the provider is away. */
  unwrap(wrapped: WrappedKey, aad: Buffer): Promise<Buffer>;
  /** 32 bytes for one purpose (signing cursors, say), the same on every replica and over restarts. */
  derive(purpose: string): Promise<Buffer>;
  /** Makes a new root key for further wraps; older ones still unwrap. Returns its kid. */
  newVersion(): Promise<string>;
  health(): Promise<KekHealth>;
}
