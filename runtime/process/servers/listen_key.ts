/** Addresses as code asks for them, so that two versions of it are seen to ask for the same.
 * @module
 */

/**
 * The address that a call of Node's `listen` asks for. Returns the address; null for a handle or descriptor, which
 * nobody else can ask for.
 */
export function listenKey(
  args: readonly unknown[],
  anyPort: (host: string) => string,
): string | null {
  // Deno's own modules hand the normalized arguments on as one list.
  const [first, second]: readonly unknown[] = Array.isArray(args[0])
    ? args[0]
    : args;
  if (typeof first === "object" && first !== null) {
    const { path, port, host, fd, _handle, handle } = first as Record<
      string,
      unknown
    >;
    if (typeof path === "string") return `unix:${path}`;
    if (fd !== undefined || _handle || handle) return null;
    return addressKey(port, host, anyPort);
  }
  if (typeof first === "string" && !/^\d+$/.test(first)) return `unix:${first}`;
  return addressKey(
    typeof first === "function" ? 0 : first,
    second,
    anyPort,
  );
}

/** The address that a port and a host stand for. */
export function addressKey(
  port: unknown,
  host: unknown,
  anyPort: (host: string) => string,
): string {
  const name = typeof host === "string" && host !== "" ? host : "0.0.0.0";
  const shown = /^(?:0\.0\.0\.0|\[?::\]?)$/.test(name) ? "*" : name;
  const number = Number(port ?? 0);
  return number === 0 ? anyPort(shown) : `${shown}:${number}`;
}

/** An address as an app names it where it consents to serving it no more. */
export function consentAddress(key: string): string {
  const [, port = "0"] = /^\*:(\d+)$/.exec(key) ?? [];
  return port === "0" ? key : port;
}

/**
 * Tells whether two addresses, as {@linkcode addressKey} makes them, are of one port and one of them of all hosts: whoever
 * listens at one of them is in the way of the other.
 */
export function samePort(key: string, other: string): boolean {
  const [mine, its] = [key, other].map((it) => /^(.*):(\d+)$/.exec(it));
  return !!mine && !!its && mine[2] === its[2] &&
    [mine[1], its[1]].some((host) => /(?:^| )\*$/.test(host!));
}

/** The host that a listener is to listen on. */
export function listenHost(host: unknown, preset: string): string {
  return typeof host === "string" && host !== ""
    ? host.replace(/^\[(.*)\]$/, "$1")
    : preset;
}
