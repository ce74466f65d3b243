/** The app of a simulated world: a main module, and one hot module that holds a text.
 * @module
 */
import { type Manifest, PROTOCOL_VERSION } from "@flyhot/runtime/protocol";
import type { RunOutcome } from "../../../src/host.ts";
import { digestOfText } from "../../../src/release/digest.ts";

/** The app's name. */
export const APP = "shop";
/** The image of all machines. */
export const IMAGE = "registry.fly.io/shop:deployment-1";

/** The files of an app whose one hot module holds a text. */
export function appFiles(text: string): Record<string, string> {
  return {
    "deno.json": JSON.stringify({ version: text }),
    "main.ts": `await live(() => import("./app.ts"));`,
    "app.ts": `export default ${JSON.stringify(text)};`,
  };
}

/** What its image holds. */
export function baseManifest(): Manifest {
  const none = { static: [], dynamic: [], external: [] };
  return {
    protocol: PROTOCOL_VERSION,
    app: APP,
    version: "base",
    source_image_ref: IMAGE,
    entries: ["main.ts"],
    files: Object.fromEntries(
      Object.entries(appFiles("base")).map(([path, text]) => [path, {
        sha256: digestOfText(text),
        size: text.length,
        kind: path.endsWith(".json") ? "config" : "module",
      }]),
    ),
    modules: { "app.ts": none, "main.ts": { ...none, dynamic: ["app.ts"] } },
    config: {},
    locked: {},
  };
}

/** What `deno info` says of it. */
export function denoInfo(entry: string): RunOutcome {
  const dependencies = [{
    specifier: "./app.ts",
    code: { specifier: "file:///app/app.ts" },
    isDynamic: true,
  }];
  return {
    code: 0,
    stderr: "",
    stdout: JSON.stringify({
      roots: [`file:///app/${entry.replace("./", "")}`],
      modules: [
        { specifier: "file:///app/main.ts", dependencies },
        { specifier: "file:///app/app.ts" },
      ],
    }),
  };
}
