/** Reads why a release cannot come in hot.
 * @module
 */
import { type Refusal, REFUSAL_RULES } from "../base/refusal.ts";
import {
  count,
  fields,
  listOf,
  oneOf,
  optional,
  ProtocolError,
  type Reader,
  string,
} from "./json/parse.ts";

/** Reads a refusal. */
const refusal: Reader<Refusal> = fields<Refusal>({
  rule: oneOf(...REFUSAL_RULES),
  path: string,
  line: count,
  column: count,
  subject: string,
  why: string,
  remedy: string,
  consent: optional(string),
  chain: optional(listOf(string)),
});

/** Reads refusals, without those by rules that only a newer runtime has: what else a machine says still counts. */
export const refusals: Reader<readonly Refusal[]> = (value, at) =>
  listOf((each, place) => {
    try {
      return [refusal(each, place)];
    } catch (error) {
      if (error instanceof ProtocolError) return [];
      throw error;
    }
  })(value, at).flat();
