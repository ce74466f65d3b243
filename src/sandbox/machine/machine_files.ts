/** The files of a machine, as they are whenever it starts.
 * @module
 */
import { dirname, join, relative } from "node:path";
import { copyFolder } from "../image/folder_copy.ts";
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
    await Deno.mkdir(path, { recursive: true });
  }
  await copyFolder(image.folder, root);
  for (const file of config.files ?? []) {
    const path = join(root, pathInRoot(file.guest_path, image.start.workdir));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, Uint8Array.fromBase64(file.raw_value ?? ""));
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

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
