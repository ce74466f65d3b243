/** Certificates for localhost, made for a test.
 * @module
 */
import { join } from "@std/path";

/** One that signs itself, and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes one. Returns the certificate; null where nothing can make one. */
export async function certificate(
  name = "localhost",
): Promise<Certificate | null> {
  const folder = await Deno.makeTempDir();
  try {
    const { success } = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey rsa:2048 -nodes -days 2".split(" "),
        "-subj",
        `/CN=${name}`,
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        join(folder, "key"),
        "-out",
        join(folder, "cert"),
      ],
      stderr: "null",
    }).output();
    if (!success) return null;
    return {
      cert: await Deno.readTextFile(join(folder, "cert")),
      key: await Deno.readTextFile(join(folder, "key")),
    };
  } catch {
    return null;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
