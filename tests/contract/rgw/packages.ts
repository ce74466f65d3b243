/** The packages of Ceph: downloaded and unpacked into a folder of their own that later runs find again.
 * @module
 */
import { join } from "@std/path";
import { run, Unavailable } from "./programs.ts";

const PACKAGES = ["radosgw", "ceph-mon", "ceph-osd"];
const DOWNLOAD_MS_MAX = 300_000;

/** Finds or makes the folder with the unpacked packages. */
export async function unpackedPackages(folder: string): Promise<string> {
  if (Deno.build.os !== "linux") {
    throw new Unavailable(
      "Ceph comes from Debian packages, and this is not Linux",
    );
  }
  const cache = join(folder, "..", "flyhot-ceph-packages");
  const root = join(cache, "root");
  if (await exists(root)) return root;
  // Two runs at a time each make their own; the first one to be done is kept.
  const own = join(cache, crypto.randomUUID());
  try {
    await download(own);
    await unpack(own);
    await Deno.rename(join(own, "root"), root).catch(async (error) => {
      if (!await exists(root)) throw error;
    });
    return root;
  } finally {
    await Deno.remove(own, { recursive: true }).catch(() => {});
  }
}

async function download(own: string): Promise<void> {
  for (const name of ["lists/partial", "cache/archives/partial"]) {
    await Deno.mkdir(join(own, name), { recursive: true });
  }
  const settings = [
    `Dir::State=${own}`,
    `Dir::State::Lists=${own}/lists`,
    "Dir::State::status=/var/lib/dpkg/status",
    `Dir::Cache=${own}/cache`,
    "APT::Sandbox::User=root",
    "Debug::NoLocking=1",
  ].flatMap((setting) => ["-o", setting]);
  const apt = (...args: string[]) =>
    run("apt-get", [...settings, "-qq", "-y", ...args], DOWNLOAD_MS_MAX);
  await apt("update");
  await apt(
    "install",
    "--no-install-recommends",
    "--download-only",
    ...PACKAGES,
  );
}

async function unpack(own: string): Promise<void> {
  const archives = join(own, "cache/archives");
  await Deno.mkdir(join(own, "root"));
  for await (const { name } of Deno.readDir(archives)) {
    if (!name.endsWith(".deb")) continue;
    await run(
      "dpkg-deb",
      ["--extract", join(archives, name), join(own, "root")],
      DOWNLOAD_MS_MAX,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The name of the folder with the libraries of this architecture. */
export async function multiarch(root: string): Promise<string> {
  for await (const { name } of Deno.readDir(join(root, "usr/lib"))) {
    if (name.endsWith("-linux-gnu")) return name;
  }
  throw new Unavailable("the packages have no libraries");
}
