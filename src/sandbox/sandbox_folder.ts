/** The folder of a sandbox, and what is in it from the beginning.
 * @module
 */
import { shellLine } from "../config/files/start_command.ts";
import { join } from "node:path";
import { FlyhotError } from "../errors.ts";
import {
  makeFolder,
  makeTempFolder,
  namesIn,
  realPath,
  writeBytes,
} from "./computer/disk.ts";

/** Makes the folder of a sandbox, with room for images, machines and programs. */
export async function makeSandboxFolder(wanted?: string): Promise<string> {
  if (wanted !== undefined) {
    await makeFolder(wanted);
    const [first] = await namesIn(wanted);
    if (first !== undefined) {
      throw new FlyhotError(
        "usage",
        `Cannot start a sandbox in ${wanted}: it is not empty, there is "${first}"`,
        { hint: "name a folder of its own; it is removed in the end" },
      );
    }
  }
  const folder = wanted === undefined
    ? await makeTempFolder("flyhot-")
    : await realPath(wanted);
  for (const name of ["images", "machines", "bin"]) {
    await makeFolder(join(folder, name));
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
    return await makeTempFolder("flyhot-s-", "/tmp");
  }
  await makeFolder(path);
  return path;
}

/** Writes the executables `fly` and `flyctl` that stand in for the real ones. */
export async function writeStandIn(
  folder: string,
  deno: string,
): Promise<string> {
  const bin = join(folder, "bin");
  const module = new URL("./stand_in/main.ts", import.meta.url);
  const command = shellLine([
    ...[deno, "run", "-A", "--quiet", "--no-config", "--no-lock"],
    module.href,
  ]);
  const script = `#!/bin/sh\nexec ${command} "$@"\n`;
  for (const name of ["fly", "flyctl"]) {
    await writeBytes(join(bin, name), new TextEncoder().encode(script), 0o755);
  }
  return bin;
}
