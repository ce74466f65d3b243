/** A real S3 server for tests: a throwaway Ceph RADOS Gateway on loopback.
 *
 * Its Debian packages are only downloaded and unpacked, into a folder of their own that later runs find again; nothing
 * is installed, and no root is needed. Where that cannot be done, the reason is given instead of a server.
 * @module
 */
import { join } from "@std/path";
import { AwsClient } from "aws4fetch";
import { configText } from "./rgw/config.ts";
import { multiarch, unpackedPackages } from "./rgw/packages.ts";
import { run, Unavailable } from "./rgw/programs.ts";
import { freePort } from "../support/net/free_port.ts";

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

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 5_000;

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
    const [gatewayPort, monitorPort] = [freePort(), freePort()];
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
