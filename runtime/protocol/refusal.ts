/** Reads why a release cannot come in hot.
 * @module
 */
import { type Refusal, REFUSAL_RULES } from "../base/refusal.ts";
import {
  count,
  listOf,
  object,
  oneOf,
  ProtocolError,
  type Reader,
  string,
} from "./json/parse.ts";

/** Reads a refusal. */
export const refusal: Reader<Refusal> = (value, at) => {
  const it = object(value, at);
  return {
    rule: oneOf(...REFUSAL_RULES)(it.rule, `${at}.rule`),
    path: string(it.path, `${at}.path`),
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
    subject: string(it.subject, `${at}.subject`),
    why: string(it.why, `${at}.why`),
    remedy: string(it.remedy, `${at}.remedy`),
    ...(it.consent === undefined
      ? {}
      : { consent: string(it.consent, `${at}.consent`) }),
    ...(it.chain === undefined
      ? {}
      : { chain: listOf(string)(it.chain, `${at}.chain`) }),
  };
};

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
