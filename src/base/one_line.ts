/** Text from elsewhere, made harmless.
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import { shownText, withoutSecrets } from "@flyhot/runtime/protocol";

/**
 * Takes line ends and control characters out of a text that came from elsewhere, so that it cannot draw on the terminal,
 * and what may be a secret out of its URLs.
 */
export function oneLine(text: string): string {
  const colorless = stripVTControlCharacters(text);
  // deno-lint-ignore no-control-regex -- control characters are what is to be replaced
  const plain = colorless.replaceAll(/[\x00-\x1f\x7f-\x9f]+/g, " ").trimEnd();
  return shownText(withoutSecrets(plain));
}
