/** The default export of a main module, served as `deno serve` does; an upgrade hands it over as any server.
 * @module
 */
import { answeringBy } from "../../process/servers/served_object.ts";

/** Where to serve. */
export interface ServeAddress {
  /** The port; 0 for any. */
  readonly port: number;
  /** The host name or address. */
  readonly host: string;
}

/** Thrown where a main module has nothing to serve. */
export class UnservedError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "UnservedError";
}

/** What a default export has to be. */
interface Served {
  fetch(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.Addr>,
  ): Response | Promise<Response>;
  onListen?(address: Deno.Addr): void;
}

/** Serves the default export of a main module. Throws if there is nothing to serve. */
export function serveDefault(
  module: unknown,
  { port, host }: ServeAddress,
): Deno.HttpServer<Deno.Addr> {
  const served = (module as { readonly default?: unknown }).default;
  if (!isServed(served)) {
    throw new UnservedError(
      "Cannot serve the main module: it has no export default { fetch }",
    );
  }
  return Deno.serve({
    port,
    hostname: host,
    onListen: (address) =>
      served.onListen ? served.onListen(address) : announce(address),
    // Looked up for each request, as `deno serve` does: an app may put another in its place.
  }, answeringBy((request, info) => served.fetch(request, info), served));
}

function isServed(value: unknown): value is Served {
  return (typeof value === "object" || typeof value === "function") &&
    value !== null && "fetch" in value && typeof value.fetch === "function";
}

function announce({ hostname, port }: Deno.NetAddr): void {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  // deno-lint-ignore no-console -- as `deno serve` does
  console.error(`deno serve: Listening on http://${host}:${port}/`);
}
