/** `flyhot keygen`: a pair of keys to sign releases with.
 * @module
 */
import { FlyhotError } from "../../errors.ts";
import { makeKeyPair } from "../../release/signing.ts";
import { SIGNING_KEY_VARIABLE } from "../../base/secret.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";

/** `flyhot keygen` */
export const keygenCommand: Command = defineCommand({
  name: "keygen",
  summary: SUMMARIES.keygen,
  description: [
    `Machines whose image names public keys in deno.json take signed releases only: whoever has the keys of the bucket can then bring no code of their own. The public key goes to "flyhot".publicKeys in deno.json and takes effect with the next cold deploy; the private one stays with whoever deploys, in ${SIGNING_KEY_VARIABLE} or in a file.`,
    "To change keys, add the new public key beside the old one, deploy cold, sign with the new key from then on, and take the old one out with a later cold deploy.",
  ],
  flags: [
    {
      name: "output",
      type: "string",
      short: "o",
      value: "path",
      description: "Write the private key to this file, for its owner alone",
      default: "printed",
    },
  ],
  examples: [
    { title: "A pair of keys, printed", command: "flyhot keygen" },
    {
      title: "The private key to a file",
      command: "flyhot keygen --output ~/.config/flyhot/signing-key.pem",
    },
  ],
  async run({ flags, host, answer }) {
    const { output } = flags;
    if (output !== undefined && await host.files.stat(output) !== null) {
      throw new FlyhotError(
        "usage",
        `Cannot write ${output}: there is a file already, and a key that is overwritten is lost`,
        { hint: "name another file, or remove that one" },
      );
    }
    const { privateKey, publicKey, id } = await makeKeyPair();
    if (output !== undefined) {
      await host.files.write(output, privateKey, { mode: 0o600 });
    }
    const use =
      `Add it to deno.json, and deploy cold once:\n\n  "flyhot": { "publicKeys": ["${publicKey}"] }`;
    answer({
      text: output === undefined
        ? `${privateKey}\nPublic key ${id}: ${publicKey}\n\n${use}\n\nKeep the private key above out of the repository; flyhot hot reads it from ${SIGNING_KEY_VARIABLE}, or from a file named with --signing-key.\n`
        : `Private key written to ${output}\nPublic key ${id}: ${publicKey}\n\n${use}\n\nflyhot hot reads the private key with: --signing-key ${output}\n`,
      json: {
        key: id,
        public_key: publicKey,
        private_key: output === undefined ? privateKey : null,
        output: output ?? null,
      },
    });
    return 0;
  },
});
