/** A machine of a simulated world: it polls the pointer by the runtime's own rules and says how upgrades end.
 * @module
 */
import {
  type Bucket,
  BucketError,
  getJson,
  putJson,
} from "@flyhot/runtime/bucket";
import {
  type HotUpgrade,
  type MachineResult,
  type Manifest,
  MANIFEST_PATH,
  parseManifest,
  parsePointer,
  type Pointer,
  pointerKey,
  PROTOCOL_VERSION,
  resultKey,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import { UntarStream } from "@std/tar";
import {
  bootUpgrade,
  decideUpgrade,
  generationOf,
  type UpgradeMemory,
} from "../../runtime/machine/decide_upgrade.ts";
import type { AppMachine } from "../../src/fly/fleet.ts";
import { digestOf, digestOfText } from "../../src/release/digest.ts";
import type { Sim } from "./sim.ts";

/** How a machine takes every upgrade that is not a way back. */
export type Temper =
  | "applies"
  | "fails"
  | "goes back by itself"
  | "keeps silent"
  | "is slow"
  | "tries twice"
  | "stops"
  | "vanishes"
  | "restarts";

/** What a machine is made with. */
export interface SimMachineOptions {
  readonly id: string;
  readonly app: string;
  readonly imageRef: string;
  /** What its image holds. */
  readonly base: Manifest;
  readonly temper: Temper;
  /** Default `started`. */
  readonly state?: string;
  /** How it reaches the bucket. */
  readonly bucket: Bucket;
}

const POLL_MS = 5_000;

/** One simulated machine. */
export class SimMachine {
  readonly id: string;
  /** The platform's word for its state; null once it is destroyed. */
  state: string | null;
  temper: Temper;
  /** Whether it has state that no older code can take. */
  refusesToGoBack = false;
  /** Digest of the release it runs, or null on its base image. */
  sha256: string | null = null;
  readonly #sim: Sim;
  readonly #options: SimMachineOptions;
  #manifest: Manifest;
  #memory = new Map<string, UpgradeMemory>();
  #pointer: Pointer | null = null;
  #etag: string | null = null;
  #wake = new AbortController();
  #life = 0;

  constructor(sim: Sim, options: SimMachineOptions) {
    this.#sim = sim;
    this.#options = options;
    this.id = options.id;
    this.state = options.state ?? "started";
    this.temper = options.temper;
    this.#manifest = options.base;
  }

  /** As the Machines API lists it. */
  get listed(): AppMachine | null {
    if (this.state === null) return null;
    return {
      id: this.id,
      name: this.id,
      region: "fra",
      state: this.state,
      group: "app",
      imageRef: this.#options.imageRef,
      hostOk: true,
      instanceId: "01",
    };
  }

  /** What `GET /v1/manifest` answers. */
  get manifest(): RunningManifest {
    const { files, config, modules } = this.#manifest;
    return {
      protocol: PROTOCOL_VERSION,
      image_ref: this.#options.imageRef,
      fingerprint: this.#fingerprint,
      release_sha256: this.sha256,
      main: "main.ts",
      files: Object.fromEntries(
        Object.entries(files).map(([path, { sha256 }]) => [path, sha256]),
      ),
      config,
      locked: {},
      loaded: Object.keys(modules),
      live: { "main.ts": ["app.ts"] },
      plain: {},
      external: [],
      holders: {},
      accepted: {},
      declined: {},
    };
  }

  /** Looks at the pointer now. */
  nudge(): void {
    this.#wake.abort();
  }

  /** Lives until the signal ends the world. */
  async live(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const life = this.#life;
      if (this.state === "started") await this.#boot(end).catch(ignoreTrouble);
      while (!end.aborted && life === this.#life) {
        this.#wake = new AbortController();
        await this.#sim.sleep(
          this.#sim.between(POLL_MS * 0.9, POLL_MS * 1.1),
          AbortSignal.any([end, this.#wake.signal]),
        ).catch(() => {});
        if (end.aborted || this.state !== "started") continue;
        await this.#poll(life).catch(ignoreTrouble);
      }
    }
  }

  /** Starts anew, with the code of the image and no memory. */
  restart(): void {
    this.#life++;
    this.#memory = new Map();
    this.#pointer = null;
    this.#etag = null;
    this.sha256 = null;
    this.#manifest = this.#options.base;
    this.state = "started";
    this.#wake.abort();
  }

  async #boot(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      try {
        await this.#readPointer();
        const { imageRef } = this.#options;
        const generation = this.#pointer &&
          generationOf(this.#pointer, imageRef);
        const wanted = bootUpgrade(generation);
        if (!wanted) return;
        await this.#adopt(wanted);
        this.#memory.set(wanted.id, { state: "ended" });
        await this.#say(wanted, "applied");
        return;
      } catch (error) {
        ignoreTrouble(error);
        await this.#sim.sleep(500, end).catch(() => {});
      }
    }
  }

  async #poll(life: number): Promise<void> {
    await this.#readPointer();
    const decision = decideUpgrade(
      this.#pointer && generationOf(this.#pointer, this.#options.imageRef),
      this.id,
      this.#memory,
      this.#sim.elapsed,
    );
    if (decision.act !== "apply") return;
    const { upgrade } = decision;
    // A way back is taken like any upgrade, by code that has no reason to refuse.
    const temper = !upgrade.rollback_of
      ? this.temper
      : this.refusesToGoBack
      ? "fails"
      : this.temper === "is slow"
      ? "is slow"
      : "applies";
    if (temper === "keeps silent") {
      this.#memory.set(upgrade.id, { state: "ended" });
      return;
    }
    await this.#say(upgrade, "pending");
    await this.#sim.sleep(this.#sim.between(5, 3_000));
    if (temper === "is slow") await this.#sim.sleep(20_000);
    if (temper === "tries twice") {
      await this.#say(upgrade, "pending", true);
      await this.#sim.sleep(1_000);
    }
    if (temper === "stops") {
      this.state = "stopped";
      this.#life++;
      return;
    }
    if (temper === "vanishes") {
      this.state = null;
      this.#life++;
      return;
    }
    if (temper === "restarts") {
      this.temper = "applies";
      return this.restart();
    }
    if (life !== this.#life) return;
    if (temper === "fails") {
      this.#memory.set(upgrade.id, { state: "ended" });
      return await this.#say(upgrade, "failed");
    }
    if (upgrade.sha256 === this.sha256) {
      this.#memory.set(upgrade.id, { state: "ended" });
      return await this.#say(upgrade, "nothing_to_do");
    }
    const before = { sha256: this.sha256, manifest: this.#manifest };
    await this.#adopt(upgrade);
    this.#memory.set(upgrade.id, { state: "ended" });
    if (temper === "goes back by itself") {
      await this.#sim.sleep(2_000);
      this.sha256 = before.sha256;
      this.#manifest = before.manifest;
      return await this.#say(upgrade, "rolled_back");
    }
    await this.#say(upgrade, "applied");
  }

  async #readPointer(): Promise<void> {
    const { bucket, app } = this.#options;
    const read = await getJson(
      bucket,
      pointerKey(app),
      this.#etag === null ? {} : { ifNoneMatch: this.#etag },
    );
    if (read.status !== "found") return;
    this.#etag = read.etag;
    this.#pointer = parsePointer(read.value);
  }

  async #adopt(upgrade: HotUpgrade): Promise<void> {
    if (upgrade.key === null) {
      this.sha256 = null;
      this.#manifest = this.#options.base;
      return;
    }
    const { bucket } = this.#options;
    const { key } = upgrade;
    const found = await bucket.get(key);
    if (found.status !== "found") {
      throw new TypeError(`${key} is named by the pointer, and not there`);
    }
    const [one, two] = found.body.tee();
    const [digest, manifest] = await Promise.all([
      digestOf(one),
      manifestOf(two),
    ]);
    if (digest.sha256 !== upgrade.sha256 || digest.size !== upgrade.size) {
      throw new TypeError(`${key} is not what the pointer says`);
    }
    this.sha256 = upgrade.sha256;
    this.#manifest = manifest;
  }

  async #say(
    upgrade: HotUpgrade,
    state: MachineResult["state"],
    transient = false,
  ): Promise<void> {
    const { app, imageRef, bucket } = this.#options;
    const bad = state === "failed" || state === "rolled_back" || transient;
    const at = new Date(this.#sim.now).toISOString();
    const result: MachineResult = {
      protocol: PROTOCOL_VERSION,
      upgrade_id: upgrade.id,
      machine_id: this.id,
      region: "fra",
      image_ref: imageRef,
      state,
      version: upgrade.version,
      started_at: at,
      ended_at: state === "pending" ? null : at,
      fingerprint: this.#fingerprint,
      reloaded: state === "applied" ? ["app.ts"] : [],
      modules: 2,
      holders: [],
      suspend_ms: null,
      total_ms: 1,
      at_boot: false,
      failure: bad
        ? {
          phase: state === "rolled_back" ? "probation" : "health",
          message: "the page is empty",
          end: "abort",
          transient,
        }
        : null,
    };
    const key = resultKey(app, upgrade.id, this.id);
    for (let attempt = 0; attempt < 5; attempt++) {
      const outcome = await putJson(bucket, key, result, "always");
      if (outcome.status === "written") return;
      await this.#sim.sleep(300);
    }
  }

  get #fingerprint(): string {
    return digestOfText(`${this.#options.imageRef}\n${this.sha256}`)
      .slice(0, 12);
  }
}

function ignoreTrouble(error: unknown): void {
  if (!(error instanceof BucketError)) throw error;
}

async function manifestOf(
  tarball: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Manifest> {
  const entries = tarball.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new UntarStream());
  for await (const { path, readable } of entries) {
    if (path !== MANIFEST_PATH) break;
    return parseManifest(await new Response(readable).json());
  }
  throw new TypeError("a release begins with its manifest");
}
