/** The folder of a sandbox, and what is in it from the beginning.
 * @module
 */
import { join } from "node:path";
import { FlyhotError } from "../errors.ts";

/** Makes the folder of a sandbox, with room for images, machines and programs. */
export async function makeSandboxFolder(wanted?: string): Promise<string> {
  if (wanted !== undefined) {
    await Deno.mkdir(wanted, { recursive: true });
    for await (const { name } of Deno.readDir(wanted)) {
      throw new FlyhotError(
        "usage",
        `Cannot start a sandbox in ${wanted}: it is not empty, there is "${name}"`,
        { hint: "name a folder of its own; it is removed in the end" },
      );
    }
  }
  const folder = await Deno.realPath(
    wanted ?? await Deno.makeTempDir({ prefix: "flyhot-" }),
  );
  for (const name of ["images", "machines", "bin"]) {
    await Deno.mkdir(join(folder, name));
  }
  return folder;
}

// The path of a unix socket has 104 bytes on macOS, 108 on Linux; the sockets' own names take up to 7.
const SOCKET_FOLDER_MAX = 90;

/**
 * Makes the folder for the machines' sockets: in the sandbox's folder, or where its path is too long for a socket, in
 * `/tmp`.
 */
export async function makeSocketFolder(folder: string): Promise<string> {
  const path = join(folder, "s");
  if (new TextEncoder().encode(path).byteLength > SOCKET_FOLDER_MAX) {
    return await Deno.makeTempDir({ dir: "/tmp", prefix: "flyhot-s-" });
  }
  await Deno.mkdir(path);
  return path;
}

/** Writes the executables `fly` and `flyctl` that stand in for the real ones. */
export async function writeStandIn(
  folder: string,
  deno: string,
): Promise<string> {
  const bin = join(folder, "bin");
  const module = new URL("./fly_stand_in.ts", import.meta.url);
  const script = `#!/bin/sh\nexec ${
    quote(deno)
  } run -A --quiet --no-config --no-lock ${quote(module.href)} "$@"\n`;
  for (const name of ["fly", "flyctl"]) {
    await Deno.writeTextFile(join(bin, name), script, { mode: 0o755 });
  }
  return bin;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
