/** A port that nobody listens on now.
 * @module
 */

/** Finds one; somebody else may take it before it is used. */
export function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}
