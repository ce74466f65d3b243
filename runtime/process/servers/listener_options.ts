/** The options that a listener is opened with and that nobody can change while it listens: two versions of the code that
 * ask for the same address have to ask for the same ones.
 * @module
 */

import { listenHost } from "./listen_key.ts";

/** Such options by name, each as a text that is the same for the same value. */
export type ListenerOptions = ReadonlyMap<string, string>;

/** What each of them is where nobody says. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  alpnProtocols: [],
  automaticCompression: false,
  backlog: 511,
  cert: "",
  exclusive: false,
  ipv6Only: false,
  key: "",
  keyFormat: "pem",
  readableAll: false,
  reusePort: false,
  tcpBacklog: 511,
  writableAll: false,
};

/** What a listener is opened with. */
export function listenerOptions(
  options: unknown,
  host?: string,
): ListenerOptions {
  const given = Object(options) as Readonly<Record<string, unknown>>;
  const all = Object.entries(DEFAULTS).map(([name, preset]) =>
    [name, JSON.stringify(given[name] ?? preset)] as const
  );
  return new Map(host === undefined ? all : [...all, ["hostname", host]]);
}

/** What a call of Node's `listen` opens a listener with. */
export function nodeListenOptions(args: readonly unknown[]): ListenerOptions {
  // Deno's own modules hand the normalized arguments on as one list.
  const [first, ...rest]: readonly unknown[] = Array.isArray(args[0])
    ? args[0]
    : args;
  const isObject = typeof first === "object" && first !== null;
  const given = isObject ? first as Readonly<Record<string, unknown>> : {
    host: rest[0],
    backlog: rest.find((it) => typeof it === "number"),
    ...typeof first === "string" && !/^\d+$/.test(first) ? { path: first } : {},
  };
  const options = { ...given, backlog: given.backlog || undefined };
  return typeof given.path === "string"
    ? listenerOptions(options)
    : listenerOptions(options, listenHost(given.host, "::"));
}

/**
 * Tells which options two versions of the code ask for differently. Returns their names, as a sentence says them; empty
 * where they are the same.
 */
export function changedOptions(
  before: ListenerOptions,
  wanted: ListenerOptions,
): string[] {
  const changed = [...wanted].filter(([name, text]) =>
    before.get(name) !== text
  ).map(([name]) => name);
  const isSecret = (name: string) => name === "cert" || name === "key";
  return [
    ...changed.some(isSecret) ? ["certificate or key"] : [],
    ...changed.filter((name) => !isSecret(name)),
  ];
}
