/** Tokens as they come in `Authorization` headers.
 * @module
 */

/**
 * Tells whether a header carries a token.
 *
 * As Fly does, it takes `FlyV1 <token>` and `Bearer <token>`, also one scheme before the other, and a list of tokens with
 * commas between; but a macaroon (`fm2_…`) must be whole.
 */
export function carriesToken(
  header: string | undefined,
  token: string,
): boolean {
  const match = /^(?:(?:Bearer|FlyV1)\s+)+(\S+)$/i.exec(header?.trim() ?? "");
  return match?.[1]?.split(",").includes(token) ?? false;
}
