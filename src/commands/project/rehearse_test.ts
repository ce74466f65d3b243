import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { realHost } from "../../../tests/cli/real_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";
import { main } from "../../main.ts";

Deno.test("flyhot rehearse refuses flags that contradict each other, and what is not there", async () => {
  const cases: [string[], string][] = [
    [["a", "--from", "b"], 'Cannot read "a": --from b says it already'],
    [["a", "b", "--to", "c"], 'Cannot read "b": --to c says it already'],
    [["a", "b", "c"], 'Cannot read "c": rehearse takes only two arguments'],
    [
      ["a", "--each", "b..c"],
      "Cannot use from a together with --each",
    ],
    [
      ["--record", "f", "--each", "a"],
      "Cannot use --each a together with --record",
    ],
    [
      ["--record", "f", "-r", "g"],
      "Cannot use --requests g together with --record",
    ],
    [["--target", "http://x"], "Cannot use --target: it is for --record"],
    [["--with-credentials"], "Cannot use --with-credentials: it is for"],
    [
      ["--record", "f", "--target", "localhost:8000"],
      "Cannot record in front of localhost:8000: expected an http or https URL",
    ],
    [["--port", "0"], "Cannot read --port: expected a whole number of at"],
    [["-r", "no.txt"], "Cannot read the requests in no.txt: there is no such"],
    [["-m", "("], "Cannot read --mask (: "],
  ];
  for (const [args, says] of cases) {
    const { code, err, out } = await runMain(["rehearse", ...args, "--json"]);
    assertEquals(code, 2, err);
    assertStringIncludes(err, says);
    assertEquals(JSON.parse(out).error.exit_code, 2);
  }
});

Deno.test("flyhot rehearse --record writes requests down until it is interrupted", async () => {
  await using folder = await tempFolder();
  await using app = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, () => new Response("hello"));
  using host = realHost(folder.path);
  const target = `http://127.0.0.1:${app.addr.port}`;
  const running = main(
    ["rehearse", "--record", "r.txt", "--target", target, "--json"],
    host,
  );
  while (host.out() === "") {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { url, ...rest } = JSON.parse(host.out());
  assertEquals(rest, { target, file: "r.txt" });
  const response = await fetch(`${url}/a?b=c`, {
    headers: { cookie: "sid=s3cret", "x-own": "1" },
  });
  assertEquals(await response.text(), "hello");
  host.interrupt();
  assertEquals(await running, 0);
  const text = await Deno.readTextFile(folder.join("r.txt"));
  assertEquals(text, "# not recorded: cookie\nGET /a?b=c\nx-own: 1\n\n");

  // The port is taken: by the app itself.
  using other = realHost(folder.path);
  const port = String(app.addr.port);
  assertEquals(
    await main(
      ["rehearse", "--record", "r.txt", "--target", target, "--port", port],
      other,
    ),
    5,
  );
  assertStringIncludes(other.err(), `Cannot listen on port ${port}: `);
  assert(other.out() === "");
});
