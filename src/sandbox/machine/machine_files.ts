/** The files of a machine, as they are whenever it starts.
 * @module
 */
import { join, relative } from "node:path";
import { makeFolder, remove, writeBytes } from "../computer/disk.ts";
import { copyFolder } from "../computer/folder_copy.ts";
import type { Image } from "../image/images.ts";
import type { MachinePlace } from "./machine_place.ts";
import type { MachineConfig } from "./records/machine_types.ts";
import { invalidArgument } from "../machines_api/platform_error.ts";

/**
 * Makes a machine's folder pristine: `app` with the files of the image and those of the configuration, empty `tmp` and
 * `home`, no socket.
 */
export async function resetMachineFiles(
  { root, tmp, home, socket }: MachinePlace,
  image: Image,
  config: MachineConfig,
): Promise<void> {
  await remove(socket);
  for (const path of [root, tmp, home]) {
    await remove(path);
    await makeFolder(path);
  }
  await copyFolder(image.folder, root);
  for (const file of config.files ?? []) {
    const path = join(root, pathInRoot(file.guest_path, image.start.workdir));
    await writeBytes(path, Uint8Array.fromBase64(file.raw_value ?? ""));
  }
}

/** Removes what a machine has once it is destroyed, as far as that can be done; its log stays. */
export async function removeMachineFiles(
  { root, socket }: MachinePlace,
): Promise<void> {
  await remove(root).catch(() => {});
  await remove(socket).catch(() => {});
}

/** Checks that the files of a configuration can be written. */
export function checkMachineFiles(
  config: MachineConfig,
  workdir: string,
): void {
  for (const { guest_path, raw_value = "" } of config.files ?? []) {
    pathInRoot(guest_path, workdir);
    try {
      Uint8Array.fromBase64(raw_value);
    } catch {
      throw invalidArgument(`the raw_value of ${guest_path} is not base64`);
    }
  }
}

function pathInRoot(path: string, workdir: string): string {
  const inside = relative(workdir, join(workdir, relative(workdir, path)));
  const [first] = inside.split("/");
  if (!path.startsWith("/") || inside === "" || first === "..") {
    throw invalidArgument(
      `the file ${path} lies outside of ${workdir}, which is all that a machine of the sandbox has`,
    );
  }
  return inside;
}
