/** What is not known of the platform for certain, each question with the answer that flyhot builds on.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseImageRef, sameImage } from "@flyhot/runtime/protocol";
import { probeConditionalWrites } from "../../../src/doctor/conditional_writes.ts";
import { FlyhotError } from "../../../src/errors.ts";
import { MachinesFleet } from "../../../src/fly/fleet/machines_fleet.ts";
import { retryAfterMs } from "../../../src/http.ts";
import { type Account, idleMachine, startedMachine } from "./account.ts";

/** A question to the platform. */
export interface Question {
  /** What is asked, with the answer that is expected. */
  readonly name: string;
  /** What it needs besides app and token. */
  readonly needs?: "bucket" | "execApi";
  /** Asks, and fails where the answer is another; returns what is worth writing down. */
  readonly ask: (
    account: Account,
  ) => Promise<Readonly<Record<string, unknown>>>;
}

const READS = 20;
// Fly allows three at once and one a second.
const REQUESTS_AT_ONCE = 15;

/** The questions. */
export const QUESTIONS: readonly Question[] = [
  {
    name: "a poll with the known ETag is answered 304",
    needs: "bucket",
    ask: (account) =>
      withObject(account, async (bucket, key) => {
        const etag = await write(bucket, key, "polled");
        const read = await bucket.get(key, { ifNoneMatch: etag });
        assertEquals(read.status, "unchanged");
        assertEquals(account.bucketStatuses.at(-1), 304);
        return { billed: "only the invoice tells" };
      }),
  },
  {
    name: "what was written is read at once, with x-tigris-consistent",
    needs: "bucket",
    ask: (account) =>
      withObject(account, async (bucket, key) => {
        let stale = 0;
        for (let round = 0; round < READS; round++) {
          const etag = await write(bucket, key, `round ${round}`);
          const read = await bucket.get(key);
          assert(read.status === "found", read.status);
          await read.body.cancel();
          if (read.etag !== etag) stale++;
        }
        assertEquals(stale, 0, `${stale} of ${READS} reads were stale`);
        return { reads: READS, stale };
      }),
  },
  {
    name: "If-Match on an object that is not there is a race lost",
    needs: "bucket",
    ask: (account) =>
      withObject(account, async (bucket, key) => {
        const content = new TextEncoder().encode("never");
        const outcome = await bucket.put(key, content, {
          ifMatch: '"d41d8cd98f00b204e9800998ecf8427e"',
        });
        assertEquals(outcome.status, "lost");
        assertEquals((await bucket.get(key)).status, "missing");
        return { statuses: account.bucketStatuses.slice(-3) };
      }),
  },
  {
    name: "conditional writes are honored",
    needs: "bucket",
    ask: (account) =>
      withObject(account, async (bucket, key) => {
        const signal = AbortSignal.timeout(60_000);
        const outcome = await probeConditionalWrites(bucket, key, signal);
        assertEquals(outcome, { status: "honored" });
        return outcome;
      }),
  },
  {
    name:
      "FLY_IMAGE_REF of a machine started by digest, or tag and digest, names the image of its tag",
    async ask(account) {
      const { image, repository, tag, digest } = await startedMachine(account);
      const refs = digest === null ? [image] : [
        image,
        `${repository}@${digest}`,
        ...(tag === null ? [] : [`${repository}:${tag}@${digest}`]),
      ];
      const seen: Record<string, string> = {};
      for (const ref of refs) {
        await using machine = await idleMachine(account, ref);
        const own = await run(
          account,
          machine.id,
          'console.log(Deno.env.get("FLY_IMAGE_REF"))',
        );
        seen[ref] = own.stdout.trim();
        assert(
          sameImage(seen[ref], ref),
          `created from ${ref}, FLY_IMAGE_REF is ${seen[ref]}`,
        );
        assertEquals(
          parseImageRef(seen[ref]).repository,
          parseImageRef(image).repository,
        );
      }
      return seen;
    },
  },
  {
    name:
      "too many requests are answered 429, and our client gets through all the same",
    async ask({ api, raw }) {
      const answers = await Promise.all(
        Array.from({ length: REQUESTS_AT_ONCE }, () => raw("GET", "")),
      );
      const refused = answers.filter((it) => it.status !== 200);
      for (const { status, headers } of refused) {
        assertEquals(status, 429);
        const after = retryAfterMs(headers, Date.now());
        assert(after === null || after >= 0, `retry-after gives ${after} ms`);
      }
      assert((await api.list()).length > 0);
      const [first] = refused;
      return {
        refused: refused.length,
        headers: first ? [...first.headers.keys()] : [],
        body: first?.body.slice(0, 200) ?? "",
      };
    },
  },
  {
    name: "an unknown token is refused as such, not as an unknown app",
    async ask({ apiWith }) {
      const error = await assertRejects(
        () => apiWith("fm2_lJPECAAAAAAAAAAAxBDunknown").list(),
        FlyhotError,
      );
      assertEquals(error.code, "auth");
      return { message: error.message };
    },
  },
  {
    name:
      "a command may take the 25 s that we give it, and longer ones are cut off by an answer",
    async ask(account) {
      const { id } = await startedMachine(account);
      const outcome = await run(
        account,
        id,
        pause(account.longSeconds),
        25,
      );
      assertEquals(outcome.code, 0, outcome.stderr);
      const { status, body } = await account.raw("POST", `/${id}/exec`, {
        json: { command: ["deno", "eval", pause(5)], timeout: 1 },
      });
      // Either an error, or an outcome that is not 0: never a success that was none.
      const isSuccess = status === 200 && JSON.parse(body).exit_code === 0 &&
        !JSON.parse(body).exit_signal;
      assert(!isSuccess, body);
      return { status, body: body.slice(0, 200) };
    },
  },
  {
    name:
      "somebody else's lease is seen, and a metadata write under it has a plain answer",
    async ask(account) {
      const { image } = await startedMachine(account);
      await using machine = await idleMachine(account, image);
      const taken = await account.raw("POST", `/${machine.id}/lease`, {
        json: { ttl: 60, description: "flyhot asks" },
      });
      assert(taken.status < 300, taken.body);
      const { nonce } = JSON.parse(taken.body).data;
      try {
        assert(await account.api.lease(machine.id) !== null);
        const written = await account.raw(
          "POST",
          `/${machine.id}/metadata/flyhot_asked`,
          { json: { value: "yes" } },
        );
        assert(
          written.status < 300 || written.status === 409,
          `${written.status} ${written.body}`,
        );
        return { status: written.status };
      } finally {
        await account.raw("DELETE", `/${machine.id}/lease`, { nonce });
        assertEquals(await account.api.lease(machine.id), null);
      }
    },
  },
  {
    name:
      "a machine cannot read machines through /.fly/api: the pointer is its only word",
    async ask(account) {
      const { id } = await startedMachine(account);
      const script = `
const { request } = await import("node:http");
const path = "/v1/apps/" + Deno.env.get("FLY_APP_NAME") + "/machines/" + Deno.env.get("FLY_MACHINE_ID");
const call = request({ socketPath: "/.fly/api", path, headers: { host: "flaps" }, timeout: 5000 }, (answer) => {
  console.log(answer.statusCode);
  Deno.exit(0);
});
call.on("timeout", () => call.destroy(new Error("timeout")));
call.on("error", (error) => { console.log(error.code ?? error.message); Deno.exit(0); });
call.end();`;
      const { code, stdout, stderr } = await run(account, id, script);
      assertEquals(code, 0, stderr);
      assert(stdout.trim() !== "200", "it can: control could go without exec");
      return { answer: stdout.trim() };
    },
  },
  {
    name:
      "a machine-exec token may list, read, wait and exec, and nothing else",
    needs: "execApi",
    async ask(account) {
      const { id } = await startedMachine(account);
      const api = account.execApi!;
      assert((await api.list()).length > 0);
      assertEquals((await api.get(id))?.id, id);
      assert(await api.wait(id, "started", { timeoutMs: 20_000 }));
      const outcome = await run({ api }, id, 'console.log("yes")');
      assertEquals([outcome.code, outcome.stdout.trim()], [0, "yes"]);
      const refused = await assertRejects(
        () => api.stop(id),
        FlyhotError,
      );
      assertEquals(refused.code, "auth", refused.message);
      return { message: refused.message };
    },
  },
  {
    name:
      "the runtime on every started machine of the app is reached through exec",
    async ask({ api }) {
      const fleet = new MachinesFleet(api);
      const fingerprints: Record<string, string> = {};
      for (const machine of await fleet.list()) {
        if (machine.state !== "started") continue;
        const info = await fleet.info(machine.id);
        fingerprints[machine.id] = info.fingerprint;
        assert((await fleet.manifest(machine.id)).files !== undefined);
      }
      assert(Object.keys(fingerprints).length > 0, "no machine is started");
      return fingerprints;
    },
  },
];

type Bucket = NonNullable<Account["bucket"]>;

async function withObject<T>(
  { app, bucket }: Account,
  use: (bucket: Bucket, key: string) => Promise<T>,
): Promise<T> {
  assert(bucket);
  const key = `releases/${app}-question/${crypto.randomUUID()}`;
  try {
    return await use(bucket, key);
  } finally {
    await bucket.delete(key);
  }
}

async function write(
  bucket: Bucket,
  key: string,
  text: string,
): Promise<string> {
  const content = new TextEncoder().encode(text);
  const outcome = await bucket.put(key, content, "always");
  assert(outcome.status === "written", outcome.status);
  return outcome.etag;
}

/** Runs a script in a machine: deno is the one program that every image has. */
function run(
  { api }: Pick<Account, "api">,
  id: string,
  script: string,
  timeoutSeconds = 20,
) {
  return api.exec(id, ["deno", "eval", script], {
    what: `run a script in machine ${id}`,
    timeoutSeconds,
  });
}

function pause(seconds: number): string {
  return `setTimeout(() => {}, ${seconds * 1000})`;
}
