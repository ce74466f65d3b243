/**
 * flyhot init in the folder of an app of one's own, and the lines it writes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { parseJsonc } from "@flyhot/runtime/protocol";
import { denoInfoOf } from "../../../tests/cli/fake_deno_info.ts";
import { type FakeHost, fakeHost } from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import { VERSION } from "../../version.ts";

/** The specifier that starts the runtime before the app. */
export const PREPARE = `jsr:@flyhot/runtime@${VERSION}/prepare`;
export const PRELOAD = `jsr:@flyhot/runtime@${VERSION}/preload`;

/** The files of a folder by path. */
export type Files = Readonly<Record<string, string>>;

function appHost(files: Files): FakeHost {
  const host: FakeHost = fakeHost({
    files,
    run: denoInfoOf((path) => host.files.readText(path)),
  });
  return host;
}

/** Runs `flyhot init --yes` twice; the second time nothing may be left to write. */
export async function init(files: Files) {
  const host = appHost(files);
  const first = await runMain(["init", "--yes", "--json"], host);
  assertEquals(first.code, 0, first.err);
  const before = await runMain(["init", "--dry-run"], host);
  const report = JSON.parse(first.out);
  assertEquals(before.out.includes("Would write"), false, before.out);
  return {
    report,
    again: before.out.slice(first.out.length),
    read: (path: string) => host.files.readText(path),
    json: async (path = "deno.json") =>
      parseJsonc(await host.files.readText(path) ?? "") as Record<
        string,
        Record<string, unknown>
      >,
  };
}

/** The least that fly.toml can say. */
export const FLY = 'app = "a"\n';
