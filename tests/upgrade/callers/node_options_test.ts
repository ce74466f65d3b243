import { assert, assertEquals } from "@std/assert";
import { connect } from "node:tls";
import { certificate } from "../../support/net/certificate.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const [first, second] = await Promise.all(["one", "two"].map(certificate));
const canTest = first !== null && second !== null;

const main = (
  version: string,
  secure: string,
  options: string,
  listening = "",
) => `
import http from "node:http";
import https from "node:https";
const host = "127.0.0.1";
const slow = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const secured = https.createServer(${secure}, (_request, response) => response.end("secure ${version}"));
secured.listen(0, host);
const plain = http.createServer({ ${options} }, async (request, response) => {
  if (request.url === "/slow") await slow(400);
  response.end("plain ${version}");
});
plain.on("close", () => console.log("closed ${version}"));
${listening}
plain.listen(0, host);
http.createServer((request, response) => {
  if (request.url === "/close") plain.close(() => console.log("ended ${version}"));
  plain.getConnections((_error, count) => response.end(JSON.stringify([(secured.address() as any)?.port, (plain.address() as any)?.port, count, "${version}"])));
}).listen(Number(Deno.env.get("PORT")), host);`;

/** The common name that a server proves itself by. */
async function nameOf(port: number): Promise<string> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
  });
  try {
    await new Promise((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
    return `${socket.getPeerCertificate().subject.CN}`;
  } finally {
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.destroy();
    await closed;
  }
}

/** A connection that asks one question after the other. */
class Connection implements Disposable {
  readonly #connection: Deno.Conn;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<Connection> {
    return new Connection(
      await Deno.connect({ port, hostname: "127.0.0.1" }),
    );
  }

  async ask(path = "/", headers = ""): Promise<string> {
    await this.#connection.write(
      new TextEncoder().encode(
        `GET ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`,
      ),
    );
    let text = "";
    const bytes = new Uint8Array(65_536);
    while (!/\r\n\r\n.*(?:plain v\d|$)/s.test(text)) {
      const read = await this.#connection.read(bytes);
      if (read === null) break;
      text += new TextDecoder().decode(bytes.subarray(0, read));
    }
    return text;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

Deno.test({
  name: `servers of Node go on as their new options say${
    canTest ? "" : " (skipped: openssl is not to be had)"
  }`,
  ignore: !canTest,
  async fn() {
    await using app = await OrdinaryApp.start({
      "main.ts": main("v1", JSON.stringify(first), "keepAliveTimeout: 5000"),
    });
    const told = async () =>
      JSON.parse((await app.ask()).slice(4)) as [
        number,
        number,
        number,
        string,
      ];
    const [secure, plain] = await told();
    assertEquals(await nameOf(secure), "one");
    using old = await Connection.open(plain);
    const before = await old.ask();
    assert(/timeout=5\b/.test(before), before);
    let isAsking = true;
    const answers: string[] = [];
    const asking = (async () => {
      using connection = await Connection.open(plain);
      while (isAsking) {
        const answer = await connection.ask().catch(String);
        answers.push(/plain v\d/.exec(answer)?.[0] ?? answer);
        if (!answer.includes("plain")) return;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const next = await app.upgrade({
      "main.ts": main(
        "v2",
        JSON.stringify(second),
        "keepAliveTimeout: 9000, maxHeaderSize: 1024",
        "plain.maxRequestsPerSocket = 1000;",
      ),
    });
    assertEquals(next.state, "applied", next.failure?.message);
    assertEquals(await told(), [secure, plain, 2, "v2"]);
    assertEquals(await nameOf(secure), "two");
    // An open connection, and a new one.
    const after = await old.ask();
    assert(/timeout=9\b[^]*plain v2/.test(after), after);
    assert(/max=1000/.test(after), after);
    using fresh = await Connection.open(plain);
    const large = await fresh.ask("/", `x-large: ${"x".repeat(4000)}\r\n`);
    assert(large.startsWith("HTTP/1.1 431"), large);
    const limited = await app.upgrade({
      "main.ts": main(
        "v3",
        JSON.stringify(second),
        "",
        "plain.maxConnections = 1;",
      ),
    });
    assertEquals(limited.state, "applied", limited.failure?.message);
    using refused = await Connection.open(plain);
    assertEquals(await refused.ask().catch(() => ""), "");
    isAsking = false;
    await asking;
    assertEquals(
      [...new Set(answers)],
      ["plain v1", "plain v2", "plain v3"],
    );
    // Its end waits for what is under way, and only the newest code hears of it.
    const slow = old.ask("/slow");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await app.ask("/close");
    assertEquals(app.log.filter((line) => /^(?:closed|ended)/.test(line)), []);
    assert((await slow).includes("plain v3"));
    await app.app.logged("ended v3");
    assertEquals(
      app.log.filter((line) => /^(?:closed|ended)/.test(line)).sort(),
      ["closed v3", "ended v3"],
    );
  },
});
