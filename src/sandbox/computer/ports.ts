/** Ports of this computer: free ones, and whether somebody listens.
 * @module
 */

// Below the range that the system hands out to outgoing connections and to port 0 (32768 and up on Linux, 49152 and up on
// macOS): a machine's port must still be free when the machine is started again.
const FIRST = 15_000;
const COUNT = 15_000;
const ATTEMPTS_MAX = 200;

/** Finds a port on which nothing listens. */
export function findFreePort(taken: ReadonlySet<number>): number {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (!taken.has(port) && isFree(port)) return port;
  }
  throw new Error(
    `Cannot find a free port from ${FIRST} to ${
      FIRST + COUNT - 1
    }: ${ATTEMPTS_MAX} tries met only used ones`,
  );
}

function isFree(port: number): boolean {
  try {
    // Programs listen on all addresses by default, so that is what must be possible.
    Deno.listen({ port, hostname: "0.0.0.0" }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** Whether somebody takes a connection. */
export async function isListening(
  hostname: string,
  port: number,
): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch {
    return false;
  }
}
