// What every runtime sets for the server's process beside the customer's configuration; the image says the same in
// its Dockerfile.

export const SERVER_ENVIRONMENT: Readonly<Record<string, string>> = {
  // glibc: freed memory above 128 KiB goes back to the machine. By itself it raises that bound as it sees larger
  // blocks come and go, and keeps what loading a gallery has left.
  MALLOC_TRIM_THRESHOLD_: '131072',
};
