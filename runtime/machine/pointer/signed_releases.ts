/** Which releases a machine may take whose image asks for signatures.
 * @module
 */
import { UpgradeError } from "../../base/upgrade_error.ts";
import { shownText } from "../../base/shown_text.ts";
import type { HotUpgrade } from "../../protocol/hot_upgrade.ts";
import type { Generation } from "../../protocol/pointer.ts";
import { signatureTrouble, signedText } from "../../protocol/signature.ts";
import type { Settings } from "../settings.ts";

/** Why a release may not be taken where the image asks for signatures; null where it may. */
export async function unsigned(
  wanted: HotUpgrade,
  { app, imageRef, publicKeys }: Settings,
): Promise<UpgradeError | null> {
  // The code of the image needs nobody to vouch for it.
  if (!publicKeys || wanted.sha256 === null) return null;
  const why = await signatureTrouble(
    signedText(app, imageRef, wanted.sha256),
    wanted.signature,
    publicKeys,
  );
  return why === null ? null : unsignedError(wanted.version, why);
}

/** What is left of a generation without the releases that nobody vouches for. */
export async function signedOnly(
  generation: Generation,
  settings: Settings,
  warn: (text: string) => void,
): Promise<Generation> {
  const taken = async (upgrade: HotUpgrade) => {
    const error = await unsigned(upgrade, settings);
    if (error && upgrade.state === "committed") warn(error.message);
    return error === null;
  };
  const history: HotUpgrade[] = [];
  for (const upgrade of generation.history) {
    if (await taken(upgrade)) history.push(upgrade);
  }
  const { hot_upgrade } = generation;
  return {
    ...generation,
    hot_upgrade: hot_upgrade && await taken(hot_upgrade) ? hot_upgrade : null,
    history,
  };
}

/** The error for a release that nobody vouches for. */
export function unsignedError(version: string, why: string): UpgradeError {
  return new UpgradeError(
    "verify",
    `unsigned: Cannot take ${
      shownText(version)
    }: ${why}; sign it with flyhot hot and FLYHOT_SIGNING_KEY, because flyhot.publicKeys in the image's deno.json asks for it`,
  );
}
