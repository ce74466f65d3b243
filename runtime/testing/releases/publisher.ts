/** Brings releases to an app under test: into the bucket, then onto its machine.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { getJson, putJson } from "../../bucket/bucket.ts";
import {
  type MachineResult,
  parseMachineResult,
} from "../../protocol/machine/machine_result.ts";
import { parsePointer, pointerRecord } from "../../protocol/pointer.ts";
import {
  pointerKey,
  releaseKey,
  resultKey,
} from "../../protocol/object_keys.ts";
import type { AppLog } from "../app/app_log.ts";
import { type AppMachine, MACHINE_ID } from "../app/app_machine.ts";
import type { ObjectServer } from "./object_server.ts";
import type { PackedApp } from "./pack_app.ts";
import {
  begun,
  begunBack,
  committed,
  type Deployed,
  type NewUpgrade,
  pointerWith,
  previous,
  refused,
} from "./pointer.ts";
import { TestAppError } from "../test_app_error.ts";
import { reportOf, type UpgradeReport } from "../upgrade_report.ts";

// One bucket has one pointer: nothing has to tell its lineages apart.
const LINEAGE = "0".repeat(26);

/** The orchestrator of one machine. */
export class Publisher {
  readonly #app: string;
  readonly #machine: AppMachine;
  readonly #server: ObjectServer;
  readonly #log: AppLog;
  #deployed: Deployed = { current: null, history: [] };
  #count = 0;

  constructor(
    app: string,
    machine: AppMachine,
    server: ObjectServer,
    log: AppLog,
  ) {
    this.#app = app;
    this.#machine = machine;
    this.#server = server;
    this.#log = log;
  }

  /** Publishes a release and waits until the machine says what became of it. */
  async publish(
    release: PackedApp,
    signal: AbortSignal,
    consent: readonly string[] = [],
  ): Promise<UpgradeReport> {
    const { version, sourceImageRef, sha256, size, path } = release;
    const { bucket } = this.#server;
    const key = releaseKey(this.#app, version, sha256);
    await bucket.put(key, await Deno.readFile(path), "always");
    const upgrade = this.#upgrade({
      version,
      source_image_ref: sourceImageRef,
      key,
      tarball_url: bucket.url(key),
      sha256,
      size,
      ...(consent.length > 0 ? { consent } : {}),
    });
    return await this.#bring(
      upgrade,
      begun(this.#deployed, upgrade, MACHINE_ID),
      signal,
    );
  }

  /** Leads back to what ran before the last upgrade. */
  async goBack(signal: AbortSignal): Promise<UpgradeReport> {
    const { current } = this.#deployed;
    if (!current?.sha256) {
      throw new TestAppError(
        "Cannot roll back: the app runs the code that it was started with; upgrade it first",
      );
    }
    const target = previous(this.#deployed);
    const upgrade = this.#upgrade({
      version: target?.version ?? "base",
      source_image_ref: target?.source_image_ref ?? this.#machine.imageRef,
      key: target?.key ?? null,
      tarball_url: target?.tarball_url ?? null,
      sha256: target?.sha256 ?? null,
      size: target?.size ?? 0,
      rollback_of: current.id,
    });
    return await this.#bring(
      upgrade,
      begunBack(this.#deployed, target, upgrade, MACHINE_ID),
      signal,
    );
  }

  #upgrade(about: Omit<NewUpgrade, "id" | "deployed_at" | "deployed_by">) {
    return {
      ...about,
      id: `test-${++this.#count}`,
      deployed_at: new Date().toISOString(),
      deployed_by: "test",
    };
  }

  async #bring(
    upgrade: NewUpgrade,
    next: Deployed,
    signal: AbortSignal,
  ): Promise<UpgradeReport> {
    const before = this.#deployed;
    const from = this.#log.lines.length;
    let good = false;
    try {
      const result = await this.#result(upgrade, next, signal);
      await this.#log.caughtUp();
      const report = reportOf(result, this.#log.lines.slice(from));
      good = report.state === "applied" || report.state === "nothing_to_do";
      return report;
    } finally {
      this.#deployed = good ? committed(next) : refused(before, next);
      await this.#write(this.#deployed);
    }
  }

  async #result(
    upgrade: NewUpgrade,
    next: Deployed,
    signal: AbortSignal,
  ): Promise<MachineResult> {
    const from = this.#log.lines.length;
    const settled = new AbortController();
    const { ended } = this.#machine.process;
    const result = this.#server.written(
      resultKey(this.#app, upgrade.id, MACHINE_ID),
      (content) => {
        const result = parseMachineResult(
          JSON.parse(new TextDecoder().decode(content)),
        );
        return result.state === "pending" ? undefined : result;
      },
      AbortSignal.any([signal, ended, settled.signal]),
    );
    // It may be rejected before anybody waits for it.
    result.catch(() => {});
    try {
      await this.#write(next);
      await this.#machine.nudge();
      return await result;
    } catch (cause) {
      settled.abort();
      if (cause instanceof TestAppError) throw cause;
      const why = errorText(cause);
      throw new TestAppError(
        `Cannot upgrade the app to ${upgrade.version}: ${why}; the app wrote:`,
        { cause, log: this.#log.lines.slice(from) },
      );
    }
  }

  async #write(deployed: Deployed): Promise<void> {
    const { bucket } = this.#server;
    const key = pointerKey(this.#app);
    const found = await getJson(bucket, key);
    const pointer = pointerWith(
      found.status === "found"
        ? parsePointer(found.value, { place: bucket })
        : null,
      { app: this.#app, imageRef: this.#machine.imageRef },
      deployed,
      new Date().toISOString(),
    );
    await putJson(bucket, key, pointerRecord(pointer, LINEAGE), "always");
  }
}
