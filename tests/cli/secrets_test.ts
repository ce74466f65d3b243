import { assert, assertEquals } from "@std/assert";
import { fakeHost } from "./fake_host.ts";
import { runMain } from "./run_main.ts";

const FILES = {
  "fly.toml":
    'app = "my-app"\n[env]\nDB_URL = "postgres://u:hidden-5@h/db?sslkey=hidden-6"\n',
  "deno.json": "{}",
};

Deno.test("an endpoint that is none is a matter of usage, and what stands in it is not shown", async () => {
  for (
    const endpoint of [
      "ftp://hidden@x",
      "https://h:hidden@",
      "https://h:hidden@s3.example",
      "s3.example?hidden",
      "https://s3.example#hidden",
    ]
  ) {
    const host = fakeHost({
      files: FILES,
      env: {
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_ACCESS_KEY_ID: "AKIAHIDDEN4EXAMPLE",
        AWS_SECRET_ACCESS_KEY: "hidden-7/with+signs=",
        FLY_API_TOKEN: "FlyV1 fm2_hidden9",
        BUCKET_NAME: "releases",
      },
    });
    const { code, out, err } = await runMain(["releases"], host);
    assertEquals(code, 2, endpoint);
    assertEquals(/hidden/i.test(out + err), false, err);
  }
});

Deno.test("no command shows what stands in an endpoint, a variable or a URL", async () => {
  const env = {
    AWS_ENDPOINT_URL_S3: "http://HIDDEN-1:hidden-2@s3.example/?token=hidden-3",
    AWS_ACCESS_KEY_ID: "AKIAHIDDEN4EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "hidden-7/with+signs=",
    AWS_SESSION_TOKEN: "hidden-8",
    FLY_API_TOKEN: "FlyV1 fm2_hidden9",
    FLYHOT_SIGNING_KEY: "hidden-10-that-is-not-a-key",
    BUCKET_NAME: "releases",
  };
  for (
    const args of [
      ["hot", "--dry-run"],
      ["plan"],
      ["hot", "--local"],
      ["hot"],
      ["status"],
      ["doctor"],
      ["releases"],
      ["rollback"],
      ["lock"],
      ["hot", "--endpoint", "https://hidden-11:x@h"],
      ["status", "--bucket", "hidden-12\u202e"],
    ]
  ) {
    for (const json of [[], ["--json"]]) {
      for (const bad of [{}, { AWS_ACCESS_KEY_ID: "AKIAHIDDEN4\nEXAMPLE" }]) {
        const host = fakeHost({
          files: FILES,
          env: { ...env, ...bad },
          // What a careless server says is no less foreign.
          fetch: (request) =>
            Promise.resolve(
              new Response(
                `no: ${
                  request.headers.get("authorization")
                } at http://hidden-13:x@h/?hidden-14`,
                { status: 403 },
              ),
            ),
          run: () => ({ code: 1, stderr: "not logged in" }),
        });
        const { code, out, err } = await runMain([...args, ...json], host);
        assert(code > 0, args.join(" "));
        const said = `${out}${err}`.replaceAll("hidden-12", "");
        assertEquals(
          /hidden[-\d]/i.exec(said)?.[0],
          undefined,
          `${args.join(" ")}: ${said}`,
        );
        assert(!/[\u202e\0]/.test(`${out}${err}`), args.join(" "));
      }
    }
  }
});
