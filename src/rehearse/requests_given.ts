/** Which requests a rehearsal plays, and what it does not compare: flags, then deno.json.
 * @module
 */
import {
  holdsRequests,
  parseRequests,
  type RehearsalRequest,
  RequestsError,
} from "@flyhot/runtime/testing";
import { findDenoJson } from "../config/files/deno_json.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";

/** What a rehearsal asks, and does not compare. */
export interface GivenRequests {
  /** What is asked. */
  readonly requests: readonly RehearsalRequest[];
  /** Regular expressions. */
  readonly masks: readonly string[];
  /** Where the requests come from, for people. */
  readonly from: string;
}

/** Reads the requests. */
export async function givenRequests(
  flags: {
    readonly requests: readonly string[];
    readonly mask: readonly string[];
  },
  host: Pick<Host, "files">,
): Promise<GivenRequests> {
  const denoJson = await findDenoJson(host, "");
  const { requests: own = [], masks = [] } = denoJson?.config ?? {};
  for (const mask of flags.mask) checkMask(mask);
  const all = [...masks, ...flags.mask];
  const sources = flags.requests.length > 0 ? flags.requests : own;
  if (sources.length === 0) {
    return { requests: read("GET /", ""), masks: all, from: "GET / only" };
  }
  const requests: RehearsalRequest[] = [];
  for (const [index, source] of sources.entries()) {
    const inline = sources === own && holdsRequests(source);
    const name = inline
      ? `${denoJson?.path}: flyhot.requests[${index}]`
      : source;
    const text = inline ? source : await host.files.readText(source);
    if (text === null) {
      throw new FlyhotError(
        "usage",
        `Cannot read the requests in ${source}: there is no such file`,
        {
          hint:
            "record them: flyhot rehearse --record requests.txt --target http://localhost:8000",
        },
      );
    }
    requests.push(...read(text, name));
  }
  if (requests.length > 0) {
    const from = sources === own ? "flyhot.requests" : sources.join(", ");
    return { requests, masks: all, from };
  }
  throw new FlyhotError(
    "usage",
    `Cannot rehearse: there is no request in ${sources.join(", ")}`,
    { hint: "a request is a line like GET /, after an empty line" },
  );
}

function read(text: string, name: string): RehearsalRequest[] {
  try {
    return parseRequests(text, name);
  } catch (error) {
    if (!(error instanceof RequestsError)) throw error;
    throw new FlyhotError("usage", error.message, { cause: error });
  }
}

function checkMask(mask: string): void {
  let why = "it matches where nothing is";
  try {
    if ("".search(new RegExp(mask, "u")) !== 0) return;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new FlyhotError("usage", `Cannot read --mask ${mask}: ${why}`, {
    hint: "a mask is a regular expression, for example --mask 'id-[0-9]+'",
  });
}
