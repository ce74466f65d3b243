/** The stand-in for the transaction of an upgrade: it downloads and checks the release for real, and then takes it, refuses
 * it or dies of it, as the release's nature and the machine's temper say.
 * @module
 */
import { UpgradeError } from "../../../runtime/base/upgrade_error.ts";
import type { Transaction } from "../../../runtime/machine/machine.ts";
import type { WantedRelease } from "../../../runtime/release/wanted.ts";
import type { UpgradeOutcome } from "../../../runtime/upgrade/context.ts";
import { outside, type Sim, type SimProcess } from "../sim.ts";
import { download } from "./download.ts";

/** How a machine takes every upgrade that is not a way back. */
export type Temper =
  | "applies"
  | "fails"
  | "refuses"
  | "goes back by itself"
  | "keeps silent"
  | "is slow"
  | "tries twice"
  | "stops"
  | "vanishes"
  | "restarts";

/** What a release does to every machine. */
export type Nature =
  | "works"
  | "fails"
  | "dies on probation"
  | "dies at once"
  | "dies soon"
  | "hangs"
  | "dies at start";

/** What a transaction knows of its machine, and does to it. */
export interface TakingMachine {
  temper: Temper;
  /** Whether it has state that no older code can take. */
  readonly refusesToGoBack: boolean;
  /** Whether nobody vouches for older releases, as its image asks. */
  readonly wantsSignatures: boolean;
  /** Which process runs, or null. */
  readonly process: SimProcess | null;
  /** Digests of what ran before something else was taken. */
  readonly wasBefore: Set<string>;
  /** What a release does. */
  natureOf(wanted: WantedRelease): Nature;
  /** Told before a release is taken. */
  onTake(wanted: WantedRelease, atBoot: boolean): void;
  /** Told when a release is in. */
  onTaken(wanted: WantedRelease): void;
  stop(): void;
  destroy(): void;
  restart(): void;
  crash(): void;
  /** The event loop of a process turns no more. */
  hang(process: SimProcess): void;
}

/** The transaction of one process. */
export function simTransaction(
  sim: Sim,
  machine: TakingMachine,
  process: SimProcess,
): Transaction {
  return {
    upgrade: async (wanted, { appProcess, bucket, onBoot, onLoading }) => {
      const atBoot = onBoot !== null;
      // A way back is taken like any upgrade, by code that has no reason to refuse.
      const isBack = atBoot || wanted.tarballUrl === null ||
        machine.wasBefore.has(wanted.sha256 ?? "");
      const isThere = machine.temper === "refuses" &&
        wanted.sha256 === appProcess.release?.sha256;
      if (machine.wantsSignatures && isBack && wanted.tarballUrl !== null) {
        throw new UpgradeError("verify", "unsigned: Cannot take it");
      }
      const temper: Temper = isThere
        ? "applies"
        : !isBack
        ? machine.temper
        : machine.refusesToGoBack && !atBoot
        ? "fails"
        : machine.temper === "is slow"
        ? "is slow"
        : "applies";
      if (temper === "keeps silent") return await new Promise(() => {});
      await sim.sleep(sim.between(5, atBoot ? 300 : 3_000));
      if (temper === "is slow" && !atBoot) await sim.sleep(20_000);
      if (temper === "tries twice") {
        machine.temper = "applies";
        throw new UpgradeError("fetch", "the line was cut", {
          transient: true,
        });
      }
      if (temper === "stops") {
        machine.stop();
        return await new Promise(() => {});
      }
      if (temper === "vanishes") {
        machine.destroy();
        return await new Promise(() => {});
      }
      if (temper === "restarts") {
        machine.temper = "applies";
        machine.restart();
        return await new Promise(() => {});
      }
      if (temper === "refuses") {
        throw new UpgradeError("load", "Cannot remove docs", {
          refusals: [{
            rule: "holder",
            path: "docs.ts",
            line: 3,
            column: 0,
            subject: "docs",
            why: "is removed",
            remedy: "declare it",
            consent: "holder:docs",
          }],
        });
      }
      const nature = machine.natureOf(wanted);
      if (nature === "fails" || nature === "hangs") await onLoading?.();
      if (temper === "fails" || (nature === "fails" && !atBoot)) {
        throw new UpgradeError("health", "the page is empty");
      }
      if (nature === "hangs" && !atBoot) {
        machine.hang(process);
        return await new Promise(() => {});
      }
      const before = appProcess.release;
      const nothing: UpgradeOutcome = {
        state: "nothing_to_do",
        reloaded: [],
        modules: 2,
        holders: [],
        assets: [],
        suspendMs: null,
      };
      machine.onTake(wanted, atBoot);
      if (wanted.tarballUrl === null) {
        if (before === null) return nothing;
        appProcess.release = null;
      } else {
        if (wanted.sha256 === before?.sha256) {
          appProcess.release = { ...before!, wanted };
          return nothing;
        }
        const { manifest, sha256 } = await download(wanted, bucket);
        await onLoading?.();
        appProcess.release = {
          wanted,
          sha256,
          manifest,
          folder: `/releases/${sha256}`,
          appliedAt: new Date().toISOString(),
        };
      }
      if (onBoot) {
        onBoot(() => {
          appProcess.release = before;
          return Promise.resolve();
        });
      }
      machine.wasBefore.add(before?.sha256 ?? "");
      machine.onTaken(wanted);
      appProcess.upgrades++;
      return { ...nothing, state: "applied", reloaded: ["app.ts"] };
    },
    probation: async (
      { release: wanted, before, probationMs, superseded },
      { appProcess },
    ) => {
      if (
        machine.temper === "goes back by itself" && wanted.tarballUrl !== null
      ) {
        await sim.sleep(2_000);
        appProcess.release = before === null || before.sha256 === null
          ? null
          : { ...appProcess.release!, wanted: before, sha256: before.sha256 };
        const error = new UpgradeError("probation", "the page is empty");
        error.end = "rolled_back";
        throw error;
      }
      const dieAfter = (ms: number) =>
        outside(() =>
          sim.later(ms, () => {
            if (machine.process === process) machine.crash();
          })
        );
      const nature = machine.natureOf(wanted);
      if (probationMs === 0) return 0;
      if (nature === "dies on probation") dieAfter(probationMs / 2);
      await sim.sleep(probationMs, superseded).catch(() => {});
      if (nature === "dies at once") dieAfter(100);
      if (nature === "dies soon") dieAfter(2_500);
      return 0;
    },
  };
}
