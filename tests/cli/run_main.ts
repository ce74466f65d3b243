/** Runs one command line in this process.
 * @module
 */
import { assertEquals } from "@std/assert";
import { main } from "../../src/main.ts";
import { type FakeHost, fakeHost, type FakeHostOptions } from "./fake_host.ts";

/** What a command line left behind. */
export interface Ran {
  /** The exit code. */
  readonly code: number;
  /** All of stdout. */
  readonly out: string;
  /** All of stderr. */
  readonly err: string;
  /** The host it ran on. */
  readonly host: FakeHost;
}

/** Runs a command line; a request or program that nobody expected fails the test. */
export async function runMain(
  args: readonly string[],
  options: FakeHostOptions | FakeHost = {},
): Promise<Ran> {
  const host = "out" in options ? options : fakeHost(options);
  const code = await main(args, host);
  assertEquals(host.unexpected, []);
  return { code, out: host.out(), err: host.err(), host };
}
