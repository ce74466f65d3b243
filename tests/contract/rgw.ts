/** A real S3 server for tests: a throwaway Ceph RADOS Gateway on loopback.
 *
 * Its Debian packages are only downloaded and unpacked, into a folder of their own that later runs find again; nothing
 * is installed, and no root is needed. Where that cannot be done, the reason is given instead of a server.
 * @module
 */
import { join } from "@std/path";
import { AwsClient } from "aws4fetch";

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  /** Its base URL. */
  readonly endpoint: string;
  /** The region to sign with. */
  readonly region: string;
  /** The access key of its only user. */
  readonly accessKeyId: string;
  /** The secret key of its only user. */
  readonly secretAccessKey: string;
  /** A bucket that is there. */
  readonly bucket: string;
}

const PACKAGES = ["radosgw", "ceph-mon", "ceph-osd"];
const DOWNLOAD_MS_MAX = 300_000;
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 5_000;

/** Why there is no gateway. */
class Unavailable extends Error {}

/**
 * Starts a gateway with an empty bucket.
 *
 * @returns the gateway, to be disposed of; or in one line why there is none
 */
export async function startGateway(): Promise<Gateway | string> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-rgw-" });
  const cluster = new Cluster(folder);
  try {
    await cluster.start(await unpackedPackages(folder));
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    if (error instanceof Unavailable) return error.message;
    throw error;
  }
}

/** Finds or makes the folder with the unpacked packages. */
async function unpackedPackages(folder: string): Promise<string> {
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

/** One monitor, one store in memory, one gateway. */
class Cluster implements Gateway {
  readonly region = "us-east-1";
  readonly accessKeyId = "AKIDFLYHOTCONTRACT00";
  readonly secretAccessKey = "contract/Secret+Key0123456789abcdefghij";
  readonly bucket = "contract";
  endpoint = "";
  readonly #folder: string;
  readonly #processes: Deno.ChildProcess[] = [];
  #env: Record<string, string> = {};
  #bin = "";

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(root: string): Promise<void> {
    const folder = this.#folder;
    const [gatewayPort, monitorPort] = freePorts(2);
    const arch = await multiarch(root);
    const library = join(root, "usr/lib", arch);
    this.#bin = join(root, "usr/bin");
    this.#env = {
      LD_LIBRARY_PATH: `${library}:${library}/ceph:${join(root, "lib", arch)}`,
      PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
      PYTHONDONTWRITEBYTECODE: "1",
      CEPH_CONF: join(folder, "ceph.conf"),
    };
    for (const name of ["mon", "osd", "rgw"]) {
      await Deno.mkdir(join(folder, name));
    }
    const fsid = crypto.randomUUID();
    await Deno.writeTextFile(
      this.#env.CEPH_CONF!,
      configText({ folder, root, library, fsid, monitorPort, gatewayPort }),
    );
    await Deno.writeTextFile(join(folder, "keyring"), await this.#keyring());
    await this.#monitor(fsid, monitorPort);
    await this.#store();
    await this.#ceph([
      ...this.#program("radosgw-admin", "--name=client.rgw.a"),
      "user",
      "create",
      "--uid=tester",
      "--display-name=tester",
      `--access-key=${this.accessKeyId}`,
      `--secret=${this.secretAccessKey}`,
    ]);
    this.#spawn("radosgw", "--name=client.rgw.a", "-f");
    this.endpoint = `http://127.0.0.1:${gatewayPort}`;
    await this.#createBucket();
  }

  async #keyring(): Promise<string> {
    const all = `caps mon = "allow *"\n\tcaps osd = "allow *"`;
    const caps = {
      "mon.": `caps mon = "allow *"`,
      "client.admin": all,
      "osd.0": `caps mon = "allow profile osd"\n\tcaps osd = "allow *"`,
      "client.rgw.a": all,
    };
    let text = "";
    for (const [name, cap] of Object.entries(caps)) {
      const key = await this.#ceph(
        this.#program("ceph-authtool", "--gen-print-key"),
      );
      text += `[${name}]\n\tkey = ${key.trim()}\n\t${cap}\n`;
    }
    return text;
  }

  async #monitor(fsid: string, port: number): Promise<void> {
    const map = join(this.#folder, "monmap");
    const keyring = join(this.#folder, "keyring");
    await this.#ceph([
      ...this.#program("monmaptool", "--create", "--fsid", fsid),
      ...["--addv", "a", `[v2:127.0.0.1:${port}]`, map],
    ]);
    await this.#ceph([
      ...this.#program("ceph-mon", "-i", "a", "--mkfs"),
      ...["--monmap", map, "--keyring", keyring],
    ]);
    this.#spawn("ceph-mon", "-i", "a", "-f");
  }

  async #store(): Promise<void> {
    const uuid = crypto.randomUUID();
    await this.#ceph(this.#admin("osd", "new", uuid));
    await this.#ceph(
      this.#program("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", uuid),
    );
    this.#spawn("ceph-osd", "-i", "0", "-f");
    await until(
      "the object store is up",
      async () =>
        (await this.#ceph(this.#admin("osd", "stat"))).includes("1 up"),
    );
  }

  async #createBucket(): Promise<void> {
    const { accessKeyId, secretAccessKey, region } = this;
    const client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      region,
      service: "s3",
      retries: 0,
    });
    await until("the gateway answers", async () => {
      const response = await client.fetch(`${this.endpoint}/${this.bucket}`, {
        method: "PUT",
        signal: AbortSignal.timeout(5_000),
      });
      await response.body?.cancel();
      return response.ok;
    });
  }

  #program(name: string, ...args: string[]): string[] {
    return [join(this.#bin, name), ...args];
  }

  #admin(...args: string[]): string[] {
    const program = this.#program("ceph", "--connect-timeout", "20");
    return ["/usr/bin/python3", ...program, ...args];
  }

  async #ceph([program = "", ...args]: readonly string[]): Promise<string> {
    return await run(program, args, START_MS_MAX, this.#env);
  }

  #spawn(name: string, ...args: string[]): void {
    const command = new Deno.Command(join(this.#bin, name), {
      args,
      env: this.#env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    this.#processes.push(command.spawn());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.reverse()) {
      const timer = setTimeout(() => kill(process, "SIGKILL"), STOP_MS_MAX);
      kill(process, "SIGTERM");
      await process.status;
      clearTimeout(timer);
    }
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function kill(process: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    process.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // It has ended by itself.
  }
}

async function run(
  program: string,
  args: readonly string[],
  msMax: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  let output;
  try {
    output = await new Deno.Command(program, {
      args: [...args],
      env: { DEBIAN_FRONTEND: "noninteractive", ...env },
      stdin: "null",
      signal: AbortSignal.timeout(msMax),
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Unavailable(`there is no ${program}`);
  }
  if (output.success) return new TextDecoder().decode(output.stdout);
  const said = new TextDecoder().decode(output.stderr).trim().split("\n");
  throw new Unavailable(
    `${program} ended with ${output.code}: ${said.at(-1)?.slice(0, 200)}`,
  );
}

async function until(
  what: string,
  check: () => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + START_MS_MAX;
  while (Date.now() < end) {
    if (await check().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Unavailable(`${what} was not true within ${START_MS_MAX} ms`);
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

/** Ports that are free now, chosen by the appProcess. */
function freePorts(count: number): [number, number] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports as [number, number];
}

async function multiarch(root: string): Promise<string> {
  for await (const { name } of Deno.readDir(join(root, "usr/lib"))) {
    if (name.endsWith("-linux-gnu")) return name;
  }
  throw new Unavailable("the packages have no libraries");
}

interface ConfigOptions {
  readonly folder: string;
  readonly root: string;
  readonly library: string;
  readonly fsid: string;
  readonly monitorPort: number;
  readonly gatewayPort: number;
}

// One of everything, in memory, and in a hurry: without the two paxos settings it takes ten times as long to start.
function configText(options: ConfigOptions): string {
  const { folder, root, library, fsid, monitorPort, gatewayPort } = options;
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitorPort}/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd numa auto affinity = false
ms bind msgr1 = false
ms bind ipv4 = true
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
run dir = ${folder}
admin socket = ${folder}/$name.asok
pid file = ${folder}/$name.pid
log file = ${folder}/$name.log
log to stderr = false
mon cluster log file = ${folder}/cluster.log
keyring = ${folder}/keyring
crash dir = ${folder}/crash
plugin dir = ${library}/ceph
erasure code dir = ${library}/ceph/erasure-code
osd erasure code plugins = jerasure
osd class dir = ${root}/usr/lib/${library.split("/").at(-1)}/rados-classes
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail crit = 1
mon osd prime pg temp = false
paxos propose interval = 0.02
paxos min wait = 0.01
ms type = async+posix
rgw rados pool pg num min = 1
[mon.a]
host = localhost
mon data = ${folder}/mon
[osd.0]
host = localhost
osd data = ${folder}/osd
osd journal = ${folder}/osd/journal
osd objectstore = memstore
memstore device bytes = 1073741824
osd op num shards = 1
osd op num threads per shard = 2
[client.rgw.a]
host = localhost
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1
rgw thread pool size = 32
rgw enable usage log = false
rgw enable ops log = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw dynamic resharding = false
rgw run sync thread = false
`;
}
