/** Whether the new code works, as those say who know: the app's own checks, or those of `fly.toml`.
 * @module
 */
import { fingerprint } from "../protocol/fingerprint.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { UpgradeContext } from "./context.ts";
import {
  type NamedCheck,
  passingNow,
  runChecks,
  serviceChecks,
} from "./health.ts";

/**
 * The checks of `fly.toml` that pass for the old code: those that do not say nothing about the new. Returns the checks;
 * none where the app has its own, or nobody asks.
 */
export async function defaultChecks(
  context: UpgradeContext,
  wanted: WantedRelease,
  release: UnpackedRelease | null,
): Promise<readonly NamedCheck[]> {
  const { health, isWayBack, onBoot } = context;
  if (health !== null || isWayBack || onBoot) return [];
  const { passes, generations } = context.appProcess;
  const checks = serviceChecks(
    release?.manifest.checks ?? [],
    (port) => passes.listensOn(port),
  );
  const about = await healthContext(context, wanted);
  return await generations.outside(() => passingNow(checks, about));
}

/** Asks whether the new code works. Throws if a check fails. */
export async function askHealth(
  context: UpgradeContext,
  wanted: WantedRelease,
  defaults: readonly NamedCheck[],
): Promise<void> {
  const { health, healthTimeoutMs: timeoutMs, onChecked, isWayBack, onBoot } =
    context;
  if (isWayBack || onBoot) return;
  const own: NamedCheck[] = context.appProcess.healthChecks.current.map((
    { module, check },
  ) => ({ name: ` in ${module}`, check, timeoutMs }));
  if (health) own.unshift({ name: "", check: health, timeoutMs });
  const checks = own.length > 0 ? own : defaults;
  await runChecks(checks, await healthContext(context, wanted));
  onChecked?.(checks);
}

async function healthContext(
  { appProcess, imageRef }: UpgradeContext,
  { version }: WantedRelease,
) {
  const sha256 = appProcess.release?.sha256 ?? null;
  return { version, fingerprint: await fingerprint(imageRef, sha256) };
}
