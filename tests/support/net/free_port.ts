/** Ports that nobody listens on now, and that no other test is given.
 *
 * Tests run in many processes at once, and whoever gets a port opens it a little later in a process of its own. So ports are
 * claimed by files that all test processes of this computer share; and they lie below those that the kernel gives to
 * outgoing connections and to whoever asks for port 0.
 *
 * @module
 */
import { join } from "node:path";
import { tmpdir } from "node:os";

/** Above 10080, which no `fetch()` asks: https://fetch.spec.whatwg.org/#port-blocking */
const FIRST = 10_100;
const COUNT = 20_000;
/** A claim that is older than this is that of a test which is over. */
const CLAIM_MS = 3_600_000;

/** Begins somewhere, so that processes do not try the same ones in turn. */
let next = Math.floor(Math.random() * COUNT);

/** Claims one. Throws if there are none left. */
export function freePort(): number {
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + next++ % COUNT;
    if (isClaimed(port) && isFree(port)) return port;
  }
  throw new Error(`No port from ${FIRST} to ${FIRST + COUNT} is free`);
}

/** Claims one for each name. */
export function freePorts<Name extends string>(
  names: readonly Name[],
): Record<Name, number> {
  const ports = [...new Set(names)].map((name) => [name, freePort()] as const);
  return Object.fromEntries(ports) as Record<Name, number>;
}

/** Claims a port, if nobody else has. */
function isClaimed(port: number): boolean {
  const folder = join(tmpdir(), "flyhot-test-ports");
  const claim = join(folder, String(port));
  Deno.mkdirSync(folder, { recursive: true });
  if (isCreated(claim)) return true;
  try {
    const { mtime } = Deno.statSync(claim);
    if (Date.now() - Number(mtime) < CLAIM_MS) return false;
    Deno.removeSync(claim);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  // Of two that find the same old claim, one creates the new one.
  return isCreated(claim);
}

function isCreated(path: string): boolean {
  try {
    Deno.openSync(path, { write: true, createNew: true }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Whether nobody listens on a port, of one address or of all. */
function isFree(port: number): boolean {
  try {
    for (const hostname of ["127.0.0.1", "0.0.0.0"]) {
      Deno.listen({ port, hostname }).close();
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
