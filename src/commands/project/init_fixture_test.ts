/**
 * An app of two modules, and flyhot init in its folder.
 *
 * @module
 */

import {
  type FakeHost,
  fakeHost,
  type FakeHostOptions,
} from "../../../tests/cli/fake_host.ts";
import { denoInfoOf } from "../../../tests/cli/fake_deno_info.ts";
import { runMain } from "../../../tests/cli/run_main.ts";

/** An entry that serves. */
export const SERVER = `import { greet } from "./greet.ts";

Deno.serve({ port: 8080 }, () => new Response(greet()));
`;

/** An app without flyhot. */
export const FILES = {
  "main.ts": SERVER,
  "greet.ts": 'export const greet = () => "hello";\n',
  "deno.json": '{\n  "tasks": { "start": "deno run -A main.ts" }\n}\n',
  "fly.toml": 'app = "my-app"\n',
  "Dockerfile": 'FROM denoland/deno:2.9.6\nCMD ["run", "-A", "main.ts"]\n',
  ".gitignore": "node_modules\n",
};

/** Runs flyhot init. */
export async function init(options: FakeHostOptions, ...args: string[]) {
  const host = appHost(options);
  const { code, out, err } = await runMain(["init", ...args], host);
  return { code, out, err, host, read: reader(host) };
}

/** A host with `deno info` of its own files. */
export function appHost(options: FakeHostOptions): FakeHost {
  const host: FakeHost = fakeHost({
    run: denoInfoOf((path) => host.files.readText(path)),
    ...options,
  });
  return host;
}

const reader = (host: FakeHost) => (path: string) => host.files.readText(path);
