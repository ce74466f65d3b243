/** Fly tokens: what kind one is and how it is sent.
 * @module
 */
import { Secret } from "../base/secret.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";

/** A token, ready to be sent. */
export interface FlyToken {
  /** `macaroon` for tokens made by `fly tokens create`, `bearer` for anything else. */
  readonly kind: "macaroon" | "bearer";
  /** The whole `Authorization` header. */
  readonly header: Secret;
  /** Where it came from, for example `environment FLY_API_TOKEN`. */
  readonly from: string;
}

/** Somebody who has a token, such as flyctl. */
interface TokenSource {
  /** Hands the token over. */
  token(signal?: AbortSignal): Promise<FlyToken>;
}

/**
 * Reads a token as people paste it: with or without `Bearer` and `FlyV1` in front, several joined by commas.
 *
 * The rules are those of {@link https://github.com/superfly/fly-go | fly-go}: where a list holds macaroons, the Machines API gets only those.
 *
 * @param text the token
 * @param from where it came from, for messages
 * @returns the token, ready to be sent
 * @throws {FlyhotError} `auth` if nothing is left of it
 */
export function parseFlyToken(text: string, from: string): FlyToken {
  let rest = text.trim();
  for (;;) {
    const stripped = rest.replace(/^(?:Bearer|FlyV1)(?:\s+|$)/i, "");
    if (stripped === rest) break;
    rest = stripped.trim();
  }
  const parts = rest.split(",").map((it) => it.trim()).filter((it) =>
    it !== ""
  );
  if (parts.length === 0 || parts.some((it) => /\s/.test(it))) {
    throw new FlyhotError(
      "auth",
      `Cannot use the Fly token from ${from}: ${
        parts.length === 0 ? "it is empty" : "it has a space inside"
      }`,
      {
        hint:
          'set it in quotes, because a token has a space after FlyV1: export FLY_API_TOKEN="$(fly tokens create deploy)"',
      },
    );
  }
  const macaroons = parts.filter((it) => /^(?:fm1r|fm1a|fm2)_/.test(it));
  return macaroons.length > 0
    ? {
      kind: "macaroon",
      header: new Secret(`FlyV1 ${macaroons.join(",")}`),
      from,
    }
    : {
      kind: "bearer",
      header: new Secret(`Bearer ${parts.join(",")}`),
      from,
    };
}

/** The variables that hold a token, in the order that flyctl reads them. */
export const TOKEN_VARIABLES = ["FLY_ACCESS_TOKEN", "FLY_API_TOKEN"] as const;

/** Finds a token: in the environment, else the one that flyctl is logged in with. */
export async function findFlyToken(
  host: Pick<Host, "env">,
  login?: () => Promise<TokenSource | null>,
  signal?: AbortSignal,
): Promise<FlyToken> {
  for (const name of TOKEN_VARIABLES) {
    const text = host.env(name);
    if (text !== undefined) return parseFlyToken(text, `environment ${name}`);
  }
  const flyctl = await login?.();
  if (flyctl) return await flyctl.token(signal);
  throw new FlyhotError(
    "auth",
    `Cannot talk to the Machines API: FLY_API_TOKEN is not set${
      login ? " and flyctl is not installed" : ""
    }`,
    {
      hint:
        'log in with: fly auth login, or export FLY_API_TOKEN="$(fly tokens create deploy)"',
    },
  );
}
