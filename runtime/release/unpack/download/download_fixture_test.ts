/**
 * A release to be downloaded, and servers that have it.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import type { WantedRelease } from "../../wanted.ts";
import { UpgradeError } from "../../../base/upgrade_error.ts";
import { sha256 } from "../../../../tests/support/archives/tar.ts";

/** A signal that says nothing. */
export const NEVER = new AbortController().signal;

/** The bytes of the release. */
export const CONTENT = new Uint8Array(300_000).map((_, at) => at * 31);

/** What a pointer says of the release. */
export function wantedOf(
  overrides: Partial<WantedRelease> = {},
): WantedRelease {
  return {
    id: "01K94R",
    version: "1.2.3",
    sourceImageRef: "local:x",
    deployedAt: "2024-01-15T10:30:00Z",
    tarballUrl: null,
    sha256: sha256(CONTENT),
    size: CONTENT.length,
    ...overrides,
  };
}

/** A server on a port of its own. */
export function serve(
  answer: (request: Request) => Response | Promise<Response>,
): { url: string; authorizations: (string | null)[] } & AsyncDisposable {
  const authorizations: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (
    request,
  ) => {
    authorizations.push(request.headers.get("authorization"));
    return answer(request);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/release.tar.gz`,
    authorizations,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The error of a download that must fail, written as errors are. */
export async function refused(
  act: () => Promise<unknown>,
): Promise<UpgradeError> {
  const error = await assertRejects(act, UpgradeError);
  assertEquals(error.message.startsWith("Cannot "), true, error.message);
  assertEquals(error.message.endsWith("."), false, error.message);
  return error;
}
