import { assertEquals } from "@std/assert";
import { FLY, init } from "../../commands/project/init_preload_fixture_test.ts";

/** What becomes of `server`, which `main()` makes of a kept value and begins to use. */
async function fateOf(body: string, args = "users"): Promise<string> {
  const { report } = await init({
    "main.ts": `import { Server } from "./server.ts";
import { Users } from "./users.ts";
function main() {
  const users = new Users();
  const server = new Server(${args});
  Deno.serve(server.serve());
}
main();
`,
    "users.ts": "export class Users { list = []; }\n",
    "server.ts": `import { Router } from "npm:some-router@1";
import { Users } from "./users.ts";
${body}
`,
    "fly.toml": FLY,
  });
  const rows: { readonly name: string; readonly fate: string }[] = report.state;
  return rows.find(({ name }) => name === "main.server")?.fate ?? "none";
}

const server = (members: string, above = "") =>
  `export class Server ${above} { ${members} }`;
const SERVE = "serve() { return () => new Response(String(this.users)); }";

const CASES: readonly (readonly [what: string, body: string, fate: string])[] =
  [
    [
      "that keeps what it is given",
      server(`constructor(private readonly users: Users) {} ${SERVE}`),
      "starts new",
    ],
    [
      "that makes a router of a package, and binds its methods",
      server(
        `private router; #users; constructor(users) { this.router = new Router(); this.#users = users; }
         answer() { return this.#users; }
         serve() { this.router.get("/", this.answer.bind(this)); if (!this.#users) throw 1; return this.router.fetch; }`,
      ),
      "starts new",
    ],
    [
      "that has a collection",
      server(`open = new Set(); constructor(private users) {} ${SERVE}`),
      "undecided",
    ],
    [
      "whose constructor makes something of the app",
      server(
        `users; more; constructor(users) { this.users = users; this.more = new Users(); } ${SERVE}`,
      ),
      "undecided",
    ],
    [
      "that changes a field later",
      server(
        `hits; constructor(private users) { this.hits = users; } serve() { return () => { this.hits = 1; return new Response(); }; }`,
      ),
      "undecided",
    ],
    [
      "whose constructor makes a function that changes a field later",
      server(
        `hits; constructor(private users) { this.hits = users; users.on = () => { this.hits++; }; } ${SERVE}`,
      ),
      "undecided",
    ],
    [
      "that changes a field by a pattern",
      server(
        `hits; constructor(private users) { this.hits = users; } serve() { return () => { [this.hits] = [1]; return new Response(); }; }`,
      ),
      "undecided",
    ],
    [
      "that gives itself to others",
      server(
        `constructor(private users) {} serve() { Object.assign(this, this.users); return () => new Response(); }`,
      ),
      "undecided",
    ],
    [
      "that extends another one",
      `class Base { hits = 0; }\n${
        server(
          `constructor(private users) { super(); } ${SERVE}`,
          "extends Base",
        )
      }`,
      "undecided",
    ],
  ];

for (const [what, body, fate] of CASES) {
  Deno.test(`flyhot init judges an instance ${what}`, async () => {
    assertEquals(await fateOf(body), fate);
  });
}

Deno.test("flyhot init judges an instance by what is made for it alone", async () => {
  const [, body] = CASES[0]!;
  for (
    const [args, fate] of [
      ["users.list", "starts new"],
      ["users, 8080", "starts new"],
      ["new Users()", "undecided"],
      ["[]", "undecided"],
      ["users ?? new Users()", "undecided"],
      ["...[users]", "undecided"],
    ] as const
  ) {
    assertEquals(await fateOf(body, args), fate, args);
  }
});
